namespace Coord.Raft.Driver;

/// <summary>How a forwarded change of the membership ended. The values are on the wire.</summary>
internal enum ForwardedChangeStatus : byte
{
    /// <summary>The membership is as wanted.</summary>
    Reached = 0,

    /// <summary>The receiver does not lead; nothing happened.</summary>
    NotLeader = 1,

    /// <summary>It was refused; nothing happened.</summary>
    Refused = 2,

    /// <summary>It began and may yet end, or may not.</summary>
    Unknown = 3,
}
