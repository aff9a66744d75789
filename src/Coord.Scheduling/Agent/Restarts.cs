namespace Coord.Scheduling.Agent;

/// <summary>systemd's table of which ends are followed by another start.</summary>
internal static class Restarts
{
    private const int Abort = 6;

    /// <summary>Says whether a unit is started again.</summary>
    public static bool After(RestartPolicy policy, RunEnd end) => policy switch
    {
        RestartPolicy.Always => true,
        RestartPolicy.OnSuccess => end.IsSuccess,
        RestartPolicy.OnFailure => !end.IsSuccess,
        RestartPolicy.OnAbnormal => end.ExitCode is null,
        RestartPolicy.OnAbort => end.Signal == Abort || (end.Signal != 0 && !IsClean(end.Signal)),
        _ => false,
    };

    /// <summary>Signals by which people end a process on purpose: HUP, INT, PIPE, TERM.</summary>
    private static bool IsClean(int signal) => signal is 1 or 2 or 13 or 15;
}
