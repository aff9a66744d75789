namespace Coord.Raft.Driver;

/// <summary>Whether loops share threads.</summary>
internal enum LoopSharing
{
    /// <summary>The loop may wait for the disk: it runs on its own thread, and keeps no other waiting.</summary>
    None,

    /// <summary>
    /// The loop waits for the disk: besides its own thread, which runs others, only those run it that keep nobody
    /// waiting but whom they would answer after it.
    /// </summary>
    HelpsAndWaits,

    /// <summary>Any thread that knocks may run it, and its thread runs others.</summary>
    HelpsAndIsHelped,
}
