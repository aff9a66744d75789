namespace Coord.Simulation.Checking;

/// <summary>How a call ended, as its client knows it.</summary>
internal enum CallOutcome
{
    /// <summary>It was answered.</summary>
    Ok,

    /// <summary>It was refused for certain: it did not happen and never will.</summary>
    Failed,

    /// <summary>No answer came, or one that leaves it open: it may have happened, or may happen at any time.</summary>
    Unknown,
}
