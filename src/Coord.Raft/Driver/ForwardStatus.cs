namespace Coord.Raft.Driver;

/// <summary>How a forwarded proposal ended. The values are on the wire.</summary>
internal enum ForwardStatus : byte
{
    /// <summary>It was committed and applied.</summary>
    Applied = 0,

    /// <summary>The receiver does not lead; nothing happened.</summary>
    NotLeader = 1,

    /// <summary>It was refused at a bound or during a transfer; nothing happened.</summary>
    Dropped = 2,

    /// <summary>Its session is not known any more.</summary>
    SessionExpired = 3,

    /// <summary>The receiver lost the leadership or stopped meanwhile; it may yet happen.</summary>
    Unknown = 4,
}
