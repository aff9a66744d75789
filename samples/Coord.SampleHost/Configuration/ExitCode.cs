namespace Coord.SampleHost.Configuration;

/// <summary>What the process tells the script that started it.</summary>
internal static class ExitCode
{
    /// <summary>It was asked to end, and did.</summary>
    public const int Ok = 0;

    /// <summary>It could not start: the directory, a port, a certificate. The line on stderr says what to do.</summary>
    public const int CannotStart = 1;

    /// <summary>A flag is unknown or has a wrong value; etcd ends with the same code.</summary>
    public const int Usage = 2;

    /// <summary>It ran and stopped by itself, because it could no longer keep its promises.</summary>
    public const int StoppedByItself = 3;

    /// <summary>The member was removed from the cluster; starting it again is of no use.</summary>
    public const int Removed = 4;
}
