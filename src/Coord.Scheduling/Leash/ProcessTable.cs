using System.Globalization;

namespace Coord.Scheduling.Leash;

/// <summary>What <c>/proc</c> says of processes.</summary>
internal static class ProcessTable
{
    private const int State = 0;
    private const int Group = 2;
    private const int StartedAt = 19;

    /// <summary>When a process began, in the kernel's ticks since the boot; null if there is none.</summary>
    public static long? StartTime(int pid) =>
        Fields($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}") is { } fields
            ? long.Parse(fields[StartedAt], CultureInfo.InvariantCulture)
            : null;

    /// <summary>Says whether a process of a group can still do anything: one that waits to be reaped cannot.</summary>
    public static bool IsGroupRunning(int leader)
    {
        string group = leader.ToString(CultureInfo.InvariantCulture);
        return Directory.EnumerateDirectories("/proc")
            .Where(path => char.IsAsciiDigit(path[^1]))
            .Select(Fields)
            .Any(fields => fields is not null && fields[Group] == group && fields[State] is not ("Z" or "X"));
    }

    /// <summary>The fields after the name, which is in brackets and may hold anything; null if it is gone.</summary>
    private static string[]? Fields(string path)
    {
        try
        {
            string stat = File.ReadAllText(path + "/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length > StartedAt ? fields : null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
