using System.Globalization;

namespace Coord.SampleHost.Http;

/// <summary>How many of the process's file descriptors clients may take.</summary>
/// <remarks>
/// Without a bound clients could take all: then the log gets no next segment, peers get no connection, and the web
/// server, which does not wait before it tries to accept again, takes a whole processor.
/// </remarks>
internal static class Descriptors
{
    private const int Reserve = 1024;
    private const string Limits = "/proc/self/limits";
    private const string Name = "Max open files";

    /// <summary>Returns the bound; null where the system has none or does not tell.</summary>
    public static long? ForClients() =>
        File.Exists(Limits) ? ForClients(File.ReadAllLines(Limits)) : null;

    private static long? ForClients(string[] limits)
    {
        string? line = limits.FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        string? soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, CultureInfo.InvariantCulture, out long limit)
            ? Math.Max(1, Math.Max(limit / 2, limit - Reserve))
            : null;
    }
}
