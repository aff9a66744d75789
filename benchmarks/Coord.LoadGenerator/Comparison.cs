using Coord.LoadGenerator.Load;
using Coord.LoadGenerator.Servers;

namespace Coord.LoadGenerator;

/// <summary>Runs the same load against etcd and coord-host in turns, on one machine and one disk.</summary>
internal sealed class Comparison(LoadOptions options)
{
    private const int Million = 1_000_000;
    private const int Restarts = 5;

    private static readonly (string Name, int Clients)[] Plan =
    [
        ("put", 1), ("put", 64), ("put", 1_000), ("range", 64), ("range", 1_000), ("serializable", 1_000),
        ("txn", 64), ("txn", 1_000), ("keepalive", 64), ("keepalive", 1_000), ("watch", 1_000), ("watch", 10_000),
    ];

    public async Task<IReadOnlyList<ComparisonRow>> RunAsync()
    {
        List<ComparisonRow> rows = [];
        foreach (int nodes in options.Nodes)
        {
            List<Measurement> etcd = [], coord = [];
            for (int round = 0; round < options.Rounds; round++)
            {
                etcd.AddRange(await MeasureAsync("etcd", options.Etcd, nodes));
                coord.AddRange(await MeasureAsync("coord", options.Coord, nodes));
            }

            rows.AddRange(etcd.GroupBy(m => m.Workload).Select(group => new ComparisonRow(
                nodes, Median(group), Median(coord.Where(m => m.Workload == group.Key)))));
        }

        return rows;
    }

    private async Task<List<Measurement>> MeasureAsync(string name, string program, int nodes)
    {
        List<Measurement> measured = [];
        await using ServerCluster servers = new(program, options.Directory, options.BasePort, nodes);
        await servers.StartAsync();
        using (Target filler = new(servers.Endpoints, 32, options.Keys, options.ValueBytes))
            await filler.FillAsync(options.Keys, CancellationToken.None);

        foreach ((string workload, int clients) in Plan)
        {
            if (options.Only.Length > 0 && !options.Only.Contains(workload))
                continue;

            await Console.Error.WriteLineAsync($"{name}, {nodes} nodes: {workload} {clients}");
            using Target target = new(servers.Endpoints, clients, options.Keys, options.ValueBytes);
            measured.Add(workload == "watch"
                ? await FanOut.RunAsync(clients, target, options.Duration, servers.ProcessIds)
                : await Runner.RunAsync(
                    workload, clients, target, options.Duration, servers.ProcessIds, options.Bare));
        }

        if (options.Million)
            measured.AddRange(await MeasureMillionAsync(name, servers));
        return measured;
    }

    /// <summary>Memory with a million keys, and how long a member that was killed takes to serve them again.</summary>
    private async Task<Measurement[]> MeasureMillionAsync(string name, ServerCluster servers)
    {
        await Console.Error.WriteLineAsync($"{name}: a million keys");
        using (Target target = new(servers.Endpoints, 32, Million, options.ValueBytes))
            await target.FillAsync(Million, CancellationToken.None);

        List<Measurement> measured = [Amount("million: MiB", ProcessUsage.ResidentMebibytes(servers.ProcessIds))];
        for (int i = 0; i < Restarts; i++)
        {
            servers.Kill();
            long start = TimeProvider.System.GetTimestamp();
            await servers.StartAsync();
            double restart = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
            double memory = ProcessUsage.ResidentMebibytes(servers.ProcessIds);
            measured.Add(Amount("million: restart ms", restart));
            measured.Add(Amount("million: MiB after a restart", memory));
        }

        return [.. measured];

        static Measurement Amount(string what, double amount) => new(what, amount, 0, 0, 0, 0, 0);
    }

    private static Measurement Median(IEnumerable<Measurement> runs)
    {
        List<Measurement> sorted = [.. runs.OrderBy(run => run.Rate)];
        return sorted[sorted.Count / 2];
    }
}
