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
}
