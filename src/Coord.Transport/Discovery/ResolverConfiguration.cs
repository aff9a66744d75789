using System.Net;

namespace Coord.Transport.Discovery;

/// <summary>The name servers that the system uses.</summary>
internal static class ResolverConfiguration
{
    private const string FilePath = "/etc/resolv.conf";
    private const int MaxServers = 3; // As many as the C library asks.
    private const int MaxBytes = 64 << 10;
    private const int DnsPort = 53;

    public static IReadOnlyList<IPEndPoint> ReadServers()
    {
        FileInfo file = new(FilePath);
        string text = file is { Exists: true, Length: <= MaxBytes } ? File.ReadAllText(FilePath) : "";
        IReadOnlyList<IPEndPoint> servers = Parse(text);
        return servers.Count > 0 ? servers : [new IPEndPoint(IPAddress.Loopback, DnsPort)];
    }

    /// <summary>Reads the lines that name servers; others are passed over.</summary>
    public static IReadOnlyList<IPEndPoint> Parse(string text)
    {
        List<IPEndPoint> servers = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (servers.Count < MaxServers && words is ["nameserver", var address, ..]
                && IPAddress.TryParse(address, out IPAddress? ip))
            {
                servers.Add(new IPEndPoint(ip, DnsPort));
            }
        }

        return servers;
    }
}
