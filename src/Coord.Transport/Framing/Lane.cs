namespace Coord.Transport.Framing;

/// <summary>
/// One of the connections that a member makes to each peer. They are apart so that what keeps a leader in office
/// never waits behind what fills a pipe. The values are on the wire.
/// </summary>
internal enum Lane : byte
{
    /// <summary>Heartbeats, votes, answers, reads: small, and late is as bad as lost.</summary>
    Control = 0,

    /// <summary>Entries and forwarded proposals.</summary>
    Log = 1,

    /// <summary>Snapshots.</summary>
    Bulk = 2,
}
