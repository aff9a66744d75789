using System.Globalization;

namespace Coord.LoadGenerator;

/// <summary>What the command line asks for.</summary>
internal sealed record LoadOptions
{
    public const string Help = """
        coord-load compares coord-host with etcd, or puts load on servers that run already.

          coord-load compare [--etcd PATH] [--coord PATH] [--directory DIR] [--nodes 1,3] [--seconds 3] [--rounds 1]
                             [--million] [--only WORKLOADS] [--bare] [--json]
          coord-load run --endpoints URLS --workload NAME [--clients N] [--seconds 3] [--pids P,...] [--bare]
                         [--json]
          coord-load fill --endpoints URLS [--keys N] [--value-bytes N]

        Workloads: put, range, serializable, txn, watch, keepalive. With --million also: memory with a million keys, and
        the time from a restart to the first linearizable read. With --bare unary calls are made without a library for
        gRPC, which takes more of the processor than the servers. --value-bytes is 256, --keys 10000, --base-port 22100.
        """;

    public string Command { get; private set; } = "";

    public string Etcd { get; private set; } = "/usr/bin/etcd";

    public string Coord { get; private set; } = "artifacts/bin/Coord.SampleHost/release/coord-host";

    public string Directory { get; private set; } = Path.GetTempPath();

    public int[] Nodes { get; private set; } = [1, 3];

    public string[] Endpoints { get; private set; } = [];

    public int[] ProcessIds { get; private set; } = [];

    public string Workload { get; private set; } = "put";

    public string[] Only { get; private set; } = [];

    public int Clients { get; private set; } = 64;

    public int ValueBytes { get; private set; } = 256;

    public int Keys { get; private set; } = 10_000;

    public int Rounds { get; private set; } = 1;

    public int BasePort { get; private set; } = 22_100;

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(3);

    public bool Million { get; private set; }

    public bool Bare { get; private set; }

    public bool Json { get; private set; }

    /// <exception cref="FormatException">A word is not understood.</exception>
    public static LoadOptions Parse(string[] words)
    {
        LoadOptions options = new() { Command = words.FirstOrDefault() ?? "" };
        for (int i = 1; i < words.Length; i++)
        {
            string name = words[i];
            if (name is "--million")
                options.Million = true;
            else if (name is "--bare")
                options.Bare = true;
            else if (name is "--json")
                options.Json = true;
            else if (i + 1 < words.Length)
                options.Set(name, words[++i]);
            else
                throw new FormatException($"{name} needs a value.");
        }

        return options;
    }

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "--etcd": Etcd = value; break;
            case "--coord": Coord = value; break;
            case "--directory": Directory = value; break;
            case "--nodes": Nodes = Numbers(value); break;
            case "--endpoints": Endpoints = value.Split(','); break;
            case "--pids": ProcessIds = Numbers(value); break;
            case "--workload": Workload = value; break;
            case "--only": Only = value.Split(','); break;
            case "--clients": Clients = Number(value); break;
            case "--value-bytes": ValueBytes = Number(value); break;
            case "--keys": Keys = Number(value); break;
            case "--rounds": Rounds = Number(value); break;
            case "--base-port": BasePort = Number(value); break;
            case "--seconds": Duration = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture)); break;
            default: throw new FormatException($"There is no option {name}.");
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int[] Numbers(string text) => [.. text.Split(',').Select(Number)];
}
