namespace Coord.Raft.Driver;

/// <summary>Whether loops share threads.</summary>
internal enum LoopSharing
{
    /// <summary>The loop may wait for the disk: it runs on its own thread, and keeps no other waiting.</summary>
    None,

    /// <summary>The loop runs on its own thread, which runs others' turns when it has nothing to do itself.</summary>
    Helps,

    /// <summary>Any thread that knocks may run it, and its thread runs others.</summary>
    HelpsAndIsHelped,
}
