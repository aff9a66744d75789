using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Discovery;

/// <summary>Coord's discovery service boots etcd, and etcd's boots Coord.</summary>
public sealed class InteroperabilityTests(ITestOutputHelper output)
{
    [EtcdFact]
    public async Task Three_real_etcd_members_boot_from_coords_service()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        string url = await cluster.NewTokenAsync(3);
        long start = TimeProvider.System.GetTimestamp();
        List<PeerProcess> members = [];
        List<string> clients = [];
        try
        {
            for (int i = 1; i <= 3; i++)
            {
                string peer = $"http://127.0.0.1:{FreePorts.Next()}", client = $"http://127.0.0.1:{FreePorts.Next()}";
                clients.Add(client);
                members.Add(PeerProcess.Start(
                    "etcd", "--name", $"e{i}", "--data-dir", Path.Combine(cluster.Directory, $"e{i}"),
                    "--listen-client-urls", client, "--advertise-client-urls", client,
                    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--discovery", url));
            }

            foreach ((PeerProcess member, string client) in members.Zip(clients))
                await member.AnswersAsync($"{client}/health");
            output.WriteLine($"three etcd: {TimeProvider.System.GetElapsedTime(start).TotalSeconds:f1} s");
            await EtcdTool.AtAsync(clients[0], "put", "formed", "yes");
            Assert.Contains("yes", await EtcdTool.AtAsync(clients[2], "get", "formed"), StringComparison.Ordinal);
            string list = await EtcdTool.AtAsync(clients[1], "member", "list");
            Assert.All((string[])["e1", "e2", "e3"], name => Assert.Contains($"started, {name},", list,
                StringComparison.Ordinal));
        }
        finally
        {
            foreach (PeerProcess member in members)
            {
                output.WriteLine(member.Transcript());
                member.Dispose();
            }
        }
    }

    [EtcdDiscoveryFact]
    public async Task Three_coord_hosts_boot_from_the_real_discovery_service()
    {
        using TokenCluster cluster = new(output);
        string peer = $"http://127.0.0.1:{FreePorts.Next()}", client = $"http://127.0.0.1:{FreePorts.Next()}";
        using PeerProcess etcd = PeerProcess.Start(
            "etcd", "--name", "e", "--enable-v2", "--data-dir", Path.Combine(cluster.Directory, "e"),
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", $"e={peer}");
        await etcd.AnswersAsync($"{client}/health");
        string service = $"http://127.0.0.1:{FreePorts.Next()}";
        using PeerProcess discovery = PeerProcess.Start(
            EtcdDiscoveryFactAttribute.Service, "-a", service["http://".Length..], "-e", client, "-h", service);
        await discovery.AnswersAsync($"{service}/robots.txt");
        using HttpClient http = new();
        string url = await http.GetStringAsync(new Uri($"{service}/new?size=3"));

        long start = TimeProvider.System.GetTimestamp();
        ClusterMember[] nodes = [.. Enumerable.Range(1, 3).Select(i => cluster.StartNode($"n{i}", url))];
        await TokenCluster.TakesWritesAsync(nodes);
        output.WriteLine($"three coord-host: {TimeProvider.System.GetElapsedTime(start).TotalSeconds:f1} s");
        output.WriteLine(discovery.Transcript());

        ClusterMember late = cluster.StartNode("n4", url);
        await late.Process!.ExitAsync();
        FlagTests.AssertRefused(late.Process, 1, "cluster is full (3 of 3)");
    }
}
