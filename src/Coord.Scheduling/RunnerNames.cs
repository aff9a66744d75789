namespace Coord.Scheduling;

/// <summary>The names of the runners that Coord has.</summary>
public static class RunnerNames
{
    /// <summary>
    /// Code of the app itself, in a service scope of its own. Only nodes that registered it can run it.
    /// </summary>
    public const string InProcess = "in-process";

    /// <summary>A child process, on a leash.</summary>
    public const string Process = "process";

    /// <summary>A transient unit of the machine's systemd.</summary>
    public const string Systemd = "systemd";

    /// <summary>A container. In the package Coord.Scheduling.Docker.</summary>
    public const string Docker = "docker";
}
