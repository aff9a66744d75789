namespace Coord.Scheduling.Tests.Runners;

/// <summary>A test of real child processes, which exist on Linux only.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "Child processes are run on Linux only.";
    }
}
