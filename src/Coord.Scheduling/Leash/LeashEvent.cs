namespace Coord.Scheduling.Leash;

/// <summary>A line from the leash to the agent.</summary>
/// <param name="Kind">What has happened.</param>
/// <param name="Id">To which child.</param>
/// <param name="Pid">Its process id, once it was started.</param>
/// <param name="ExitCode">Its exit code; null if a signal ended it.</param>
/// <param name="Signal">The signal that ended it; zero if none did.</param>
/// <param name="Text">A line of output, or what is wrong.</param>
internal sealed record LeashEvent(
    LeashEventKind Kind, long Id = 0, int Pid = 0, int? ExitCode = null, int Signal = 0, string? Text = null);
