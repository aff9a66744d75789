namespace Coord.Simulation.Faults;

/// <summary>What can go wrong. Each run draws which of these it has, and how often.</summary>
internal enum FaultKind
{
    /// <summary>A message is lost; with streams, its connection breaks.</summary>
    Loss,

    /// <summary>A message arrives twice.</summary>
    Duplication,

    /// <summary>An answer is held back for up to ten election timeouts.</summary>
    Hoarding,

    /// <summary>A message takes a hundred times as long as others.</summary>
    Stragglers,

    /// <summary>A connection is reset.</summary>
    Reset,

    /// <summary>One member is cut off.</summary>
    Isolation,

    /// <summary>The members fall into two halves.</summary>
    Halves,

    /// <summary>Two halves that one member can still reach both of.</summary>
    Bridge,

    /// <summary>Each member reaches its two neighbours only.</summary>
    Ring,

    /// <summary>A member is heard and hears nobody, or the other way round.</summary>
    OneWay,

    /// <summary>Some links are cut at random, in one direction each.</summary>
    RandomLinks,

    /// <summary>A link that comes and goes.</summary>
    Flapping,

    /// <summary>A process is killed.</summary>
    Kill,

    /// <summary>A machine loses its power.</summary>
    PowerCut,

    /// <summary>All machines lose their power at once.</summary>
    Blackout,

    /// <summary>A machine loses its power at one of its next disk operations.</summary>
    PowerCutAtDiskCall,

    /// <summary>A machine loses its power when it is about to send one of its next messages.</summary>
    PowerCutAtSend,

    /// <summary>A leader falls, or is cut off, after the first few messages that it sends as such.</summary>
    LeaderFall,

    /// <summary>A process is stopped for a while; its clocks go on.</summary>
    Pause,

    /// <summary>A monotonic clock leaps.</summary>
    ClockLeap,

    /// <summary>A wall clock is set, forward or back.</summary>
    WallClock,

    /// <summary>Clocks are too fast or too slow all the time.</summary>
    Drift,

    /// <summary>An operation on a disk fails.</summary>
    DiskError,

    /// <summary>A disk has no room for a while.</summary>
    DiskFull,

    /// <summary>A disk is slow for a while.</summary>
    SlowDisk,

    /// <summary>A disk does not answer for a while.</summary>
    HungDisk,

    /// <summary>Bits of a log change while nobody looks, on a minority of the disks.</summary>
    BitRot,

    /// <summary>A member's disk is lost for good, and another member takes its place.</summary>
    LostDisk,

    /// <summary>Members are added and removed.</summary>
    Membership,

    /// <summary>The leadership is handed over.</summary>
    Transfer,

    /// <summary>A member is stopped in order and started again.</summary>
    Restart,

    /// <summary>A machine loses its power when it has just given somebody its vote.</summary>
    VoterFall,

    /// <summary>A leader is paused when it has just sent heartbeats, for about as long as others wait.</summary>
    LeaderStall,

    /// <summary>A write was acknowledged and never done: what was there before is there still.</summary>
    LostWrite,

    /// <summary>A write went to another place: one has what it had, another what it should not have.</summary>
    MisdirectedWrite,

    /// <summary>A member comes back with an empty disk under its old id, until it is replaced.</summary>
    WipedDisk,
}
