namespace Coord.Simulation;

/// <summary>Places that a swarm must have visited, or it proves nothing about them.</summary>
internal enum Mark
{
    /// <summary>A member overwrote entries that conflicted with its leader's.</summary>
    ConflictOverwritten,

    /// <summary>A leader began with entries of earlier terms that were not committed.</summary>
    UncommittedInherited,

    /// <summary>A leader began while another still believed to lead.</summary>
    TwoLeaders,

    /// <summary>A leader worked in a joint membership whose newer half has no place for it.</summary>
    LeaderBeingRemoved,

    /// <summary>A member took a snapshot over.</summary>
    SnapshotRestored,

    /// <summary>A leader ended in the middle of sending a snapshot.</summary>
    SnapshotInterrupted,

    /// <summary>A member started that could not know what its log had lost.</summary>
    DoubtBegun,

    /// <summary>A leader has brought such a member up to date.</summary>
    DoubtEnded,

    /// <summary>A damaged log was made good.</summary>
    LogRepaired,

    /// <summary>A lease that was granted in one term ended by itself in another.</summary>
    LeaseEndedBySuccessor,
}
