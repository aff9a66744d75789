namespace Coord.Process.Tests.Harness;

/// <summary>One member of a test's cluster: its addresses and directory for good, its process now and then.</summary>
internal sealed class ClusterMember(
    string name, string dataDirectory, string scheme, string peerScheme, Func<HttpMessageHandler?> handler)
    : IDisposable
{
    private readonly List<HostProcess> _past = [];

    public string Name { get; } = name;

    public string DataDirectory { get; set; } = dataDirectory;

    public int PeerPort { get; } = FreePorts.Next();

    public int ClientPort { get; } = FreePorts.Next();

    public string PeerUrl => $"{peerScheme}://127.0.0.1:{PeerPort}";

    public string ClientUrl => $"{scheme}://127.0.0.1:{ClientPort}";

    public HostProcess? Process { get; private set; }

    public KvClient Client => field ??= new KvClient(new Uri(ClientUrl), handler());

    /// <summary>Whether the clients that make load may ask it; not while it holds on to what it is asked.</summary>
    public bool TakesLoad { get; set; } = true;

    public bool IsRunning => Process is { HasExited: false };

    public void Run(HostProcess process)
    {
        if (Process is not null)
            _past.Add(Process);
        Process = process;
    }

    /// <summary>What all processes of the member printed, the last part of it.</summary>
    public string Transcript()
    {
        const int Kept = 6_000;
        IEnumerable<HostProcess> all = Process is null ? _past : _past.Append(Process);
        string text = string.Concat(all.Select(process => process.Transcript()));
        return $"=== {Name}\n{(text.Length > Kept ? "..." + text[^Kept..] : text)}";
    }

    public void Dispose()
    {
        Process?.Dispose();
        foreach (HostProcess process in _past)
            process.Dispose();
        Client.Dispose();
    }
}
