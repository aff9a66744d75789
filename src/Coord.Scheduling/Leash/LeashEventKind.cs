namespace Coord.Scheduling.Leash;

/// <summary>What a leash tells its agent.</summary>
internal enum LeashEventKind
{
    /// <summary>No child of an earlier leash in the same directory lives any more; children can be started.</summary>
    Ready,

    /// <summary>A child was started.</summary>
    Started,

    /// <summary>A child could not be started.</summary>
    Failed,

    /// <summary>A child has ended, and its group with it.</summary>
    Ended,

    /// <summary>A child has written a line.</summary>
    Output,
}
