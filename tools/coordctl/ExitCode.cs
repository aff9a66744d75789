namespace Coord.Cli;

/// <summary>What the process ends with.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>The cluster refused, or did not answer.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense; nothing was sent.</summary>
    public const int Usage = 2;
}
