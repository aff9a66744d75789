namespace Coord.Kv.Commands;

/// <summary>How a command ended; see FORMAT.md.</summary>
internal enum CommandStatus : byte
{
    /// <summary>It was applied.</summary>
    Done = 0,

    /// <summary>It was no command.</summary>
    Malformed = 1,

    /// <summary>The store is full; the number is what it holds.</summary>
    SpaceExceeded = 2,

    /// <summary>The revision has been compacted; the number is the oldest one.</summary>
    Compacted = 3,

    /// <summary>The revision does not exist yet; the number is the present one.</summary>
    FutureRevision = 4,

    /// <summary>There is no such lease; the number is its id.</summary>
    LeaseNotFound = 5,

    /// <summary>There is such a lease already; the number is its id.</summary>
    LeaseExists = 6,

    /// <summary>A put was to keep the value or lease of a key that does not exist.</summary>
    KeyMissing = 7,

    /// <summary>An alarm says that the members differ.</summary>
    Corrupt = 8,

    /// <summary>The answer would be too large; the number is how many bytes it might have, as far as counted.</summary>
    ResultTooLarge = 9,
}
