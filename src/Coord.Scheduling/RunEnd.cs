namespace Coord.Scheduling;

/// <summary>How a run ended. Immutable.</summary>
/// <param name="ExitCode">The exit code; zero is good. Null if it ended by a signal or an exception.</param>
/// <param name="Signal">The signal that ended it; zero if none did.</param>
/// <param name="Message">One sentence for people; empty after a good end.</param>
public sealed record RunEnd(int? ExitCode, int Signal = 0, string Message = "")
{
    /// <summary>Gets a value indicating whether it ended well.</summary>
    public bool IsSuccess => ExitCode == 0;
}
