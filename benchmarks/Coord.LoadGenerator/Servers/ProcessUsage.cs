using System.Globalization;

namespace Coord.LoadGenerator.Servers;

/// <summary>What the kernel says of processes.</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100;

    /// <summary>Returns the processor time, in user and kernel mode, that the processes have used in all.</summary>
    public static double CpuSeconds(IEnumerable<int> processIds) => processIds.Sum(id =>
    {
        string text = File.ReadAllText($"/proc/{id}/stat");

        // The name in parentheses may have spaces; user and system time are the 12th and 13th field after it.
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture)
            + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    });

    /// <summary>Returns the resident memory of the largest of the processes, in MiB.</summary>
    public static double ResidentMebibytes(IEnumerable<int> processIds) => processIds.Max(id =>
    {
        string line = File.ReadLines($"/proc/{id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
            / 1024;
    });
}
