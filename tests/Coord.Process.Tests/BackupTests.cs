using System.Text.Json;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>A store moves between clusters, and between Coord and etcd, with all its revisions.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>The revision of the compaction that <see cref="FillAsync"/> does.</summary>
    private const long Compacted = 20;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [EtcdFact]
    public async Task A_new_cluster_begins_where_the_old_one_was_saved()
    {
        string file = _directory.File("backup.db");
        long revision;
        string[] history;
        using (TestCluster old = new(output))
        {
            await old.StartAsync();
            ClusterMember member = old.Members[1];
            revision = await FillAsync(member.ClientUrl);
            history = await HistoryAsync(member.ClientUrl, revision);
            await SaveAsync(member.ClientUrl, file, revision);
        }

        using TestCluster restored = new(output);
        await CoordTool.RestoreAsync(restored, file);
        await restored.StartAsync();

        foreach (ClusterMember member in restored.Members)
            Assert.Equal(history, await HistoryAsync(member.ClientUrl, revision));
        await LosesKeysWithItsLeaseAsync(restored.Members[1].ClientUrl);
        await EtcdTool.AtAsync(restored.Members[0].ClientUrl, "put", "after", "1");
        Assert.Equal(revision + 2, await EtcdTool.RevisionAsync(restored.Members[2].ClientUrl));
    }

    [EtcdFact]
    public async Task A_new_cluster_skips_the_revisions_that_it_is_told_to()
    {
        string file = _directory.File("backup.db");
        using TestCluster old = new(output, size: 1);
        await old.StartAsync();
        long revision = await FillAsync(old.Members[0].ClientUrl);
        await SaveAsync(old.Members[0].ClientUrl, file, revision);

        using TestCluster restored = new(output);
        await CoordTool.RestoreAsync(restored, file, "--bump-revision", "1000000", "--mark-compacted");
        await restored.StartAsync();

        string endpoint = restored.Members[0].ClientUrl;
        Assert.Equal(revision + 1_000_000, await EtcdTool.RevisionAsync(endpoint));
        Assert.Equal(
            await EtcdTool.ReadAllAsync(old.Members[0].ClientUrl, 0), await EtcdTool.ReadAllAsync(endpoint, 0));
    }

    [EtcdFact]
    public async Task A_store_moves_to_etcd()
    {
        string file = _directory.File("backup.db");
        using TestCluster cluster = new(output, size: 1);
        await cluster.StartAsync();
        string endpoint = cluster.Members[0].ClientUrl;
        long revision = await FillAsync(endpoint);
        await SaveAsync(endpoint, file, revision);

        string peerUrl = $"http://127.0.0.1:{FreePorts.Next()}";
        await EtcdProcess.RestoreAsync(file, _directory.File("etcd"), peerUrl);
        using EtcdProcess etcd = await EtcdProcess.StartAsync(_directory.File("etcd"), peerUrl);

        Assert.Equal(await HistoryAsync(endpoint, revision), await HistoryAsync(etcd.Endpoint, revision));
        await LosesKeysWithItsLeaseAsync(etcd.Endpoint);
        await EtcdTool.AtAsync(etcd.Endpoint, "put", "after", "1");
        await EtcdTool.AtAsync(etcd.Endpoint, "compact", $"{revision}");
        Assert.Equal(revision + 2, await EtcdTool.RevisionAsync(etcd.Endpoint));
    }

    [EtcdFact]
    public async Task A_store_moves_from_etcd()
    {
        string file = _directory.File("backup.db");
        string peerUrl = $"http://127.0.0.1:{FreePorts.Next()}";
        using EtcdProcess etcd = await EtcdProcess.StartAsync(_directory.File("etcd"), peerUrl);
        long revision = await FillAsync(etcd.Endpoint);
        await SaveAsync(etcd.Endpoint, file, revision);

        using TestCluster cluster = new(output);
        await CoordTool.RestoreAsync(cluster, file);
        await cluster.StartAsync();

        string endpoint = cluster.Members[2].ClientUrl;
        Assert.Equal(await HistoryAsync(etcd.Endpoint, revision), await HistoryAsync(endpoint, revision));
        await LosesKeysWithItsLeaseAsync(endpoint);
        await EtcdTool.AtAsync(endpoint, "put", "after", "1");
        Assert.Equal(revision + 2, await EtcdTool.RevisionAsync(endpoint));
    }

    /// <summary>Writes a history with keys that change and go, a large value, a lease, and a compaction.</summary>
    /// <returns>The last revision.</returns>
    private static async Task<long> FillAsync(string endpoint)
    {
        for (int i = 0; i < 15; i++)
            await EtcdTool.AtAsync(endpoint, "put", $"k{i}", new string('v', i * 100));
        await EtcdTool.AtAsync(endpoint, "put", "large", new string('x', 100_000));
        string lease = (await EtcdTool.AtAsync(endpoint, "lease", "grant", "600")).Split(' ')[1];
        await EtcdTool.AtAsync(endpoint, "put", "k1", "again", "--lease", lease);
        await EtcdTool.AtAsync(endpoint, "del", "k2");
        await EtcdTool.AtAsync(endpoint, "put", "k3", "again");
        await EtcdTool.AtAsync(endpoint, "del", "k10", "k13");
        await EtcdTool.AtAsync(endpoint, "put", "k10", "anew");
        await EtcdTool.AtAsync(endpoint, "compact", $"{Compacted}");
        await EtcdTool.AtAsync(endpoint, "put", "k1", "once more", "--lease", lease);
        await EtcdTool.AtAsync(endpoint, "del", "k4");
        return await EtcdTool.RevisionAsync(endpoint);
    }

    /// <summary>The one lease has its whole time to live and its key, which goes with it.</summary>
    private static async Task LosesKeysWithItsLeaseAsync(string endpoint)
    {
        string[] list = (await EtcdTool.AtAsync(endpoint, "lease", "list")).Split('\n');
        string lease = Assert.Single(list.Skip(1), line => line.Length > 0);
        string status = await EtcdTool.AtAsync(endpoint, "lease", "timetolive", lease, "--keys");
        Assert.Matches(@"granted with TTL\(600s\), remaining\((600|5[5-9].)s\), attached keys\(\[k1\]\)", status);
        await EtcdTool.AtAsync(endpoint, "lease", "revoke", lease);
        Assert.Empty(await EtcdTool.AtAsync(endpoint, "get", "k1"));
    }

    private static async Task<string[]> HistoryAsync(string endpoint, long last)
    {
        List<string> history = [];
        for (long revision = Compacted; revision <= last; revision++)
            history.Add(await EtcdTool.ReadAllAsync(endpoint, revision));
        Assert.All(history, state => Assert.NotEmpty(state));
        return [.. history];
    }

    /// <summary>Saves a snapshot with etcd's tool. Of that and of one of coordctl's both tools tell the same.</summary>
    private static async Task SaveAsync(string endpoint, string path, long revision)
    {
        await EtcdTool.AtAsync(endpoint, "snapshot", "save", path);
        string own = $"{path}.own";
        await CoordTool.RunAsync("snapshot", "save", own, "--endpoints", endpoint);
        foreach (string file in (string[])[path, own])
        {
            using JsonDocument etcdctl = JsonDocument.Parse(
                await EtcdTool.RunAsync("snapshot", "status", file, "-w", "json"));
            using JsonDocument coordctl = JsonDocument.Parse(
                await CoordTool.RunAsync("snapshot", "status", file, "-w", "json"));
            foreach (string fact in (string[])["hash", "revision", "totalKey", "totalSize"])
            {
                long expected = etcdctl.RootElement.GetProperty(fact).GetInt64();
                Assert.Equal(expected, coordctl.RootElement.GetProperty(fact).GetInt64());
            }

            Assert.Equal(revision, coordctl.RootElement.GetProperty("revision").GetInt64());
        }
    }
}
