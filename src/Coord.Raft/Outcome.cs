namespace Coord.Raft;

/// <summary>
/// Whether a write that failed may have taken effect: the one fact a caller needs before it tries again.
/// </summary>
public enum Outcome
{
    /// <summary>The write did not happen and will not; trying again is safe.</summary>
    DidNotHappen,

    /// <summary>The write may have happened or may still happen; read before trying again, or use a session.</summary>
    Unknown,
}
