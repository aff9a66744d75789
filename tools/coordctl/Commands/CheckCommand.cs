using System.CommandLine;
using System.Globalization;
using Coord.Cli.Output;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>check perf: a short measurement of puts, to tell a cluster that limps.</summary>
public static class CheckCommand
{
    public static Command Create(VerbFactory verbs) => VerbFactory.Group("check", "Measures a cluster", Perf(verbs));

    private static Command Perf(VerbFactory verbs)
    {
        Option<int> clients = new("--clients") { Description = "How many at once", DefaultValueFactory = _ => 50 };
        Option<string> duration = new("--duration") { Description = "How long", DefaultValueFactory = _ => "10s" };
        Option<string> prefix = new("--prefix")
        {
            Description = "Where the keys are, that are deleted afterwards",
            DefaultValueFactory = _ => "/etcdctl-check-perf/",
        };
        return verbs.Create("perf", "Puts keys for a while, and prints how fast", RunAsync, clients, duration, prefix);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            string home = context.Get(prefix);
            if (home.Length == 0)
                throw new UsageException("--prefix is empty: all keys would be deleted afterwards.");
            if ((await context.Store.GetPrefixAsync(home, new() { Limit = 1 }, cancellationToken)).Count > 0)
                throw new UsageException($"There are keys under {home}: name an unused --prefix.");

            using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ends.CancelAfter(GlobalOptions.ParseDuration(context.Get(duration), "--duration"));
            long start = TimeProvider.System.GetTimestamp();
            List<double>[] latencies = await Task.WhenAll(
                Enumerable.Range(0, context.Get(clients)).Select(i => PutAsync(context.Store, home, i, ends.Token)));
            double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            await context.Store.DeletePrefixAsync(home, cancellationToken);

            double[] all = [.. latencies.SelectMany(one => one).Order()];
            Report report = new() { Columns = ["puts per second", "median", "99 %", "slowest"] };
            double median = At(all, 0.5), most = At(all, 0.99), slowest = At(all, 1);
            report.Rows.Add([Number(all.Length / seconds), Number(median), Number(most), Number(slowest)]);
            report.Line($"Throughput is {Number(all.Length / seconds)} writes/s")
                .Line($"Latency: median {Number(median)} ms, 99 % {Number(most)} ms, slowest {Number(slowest)} ms");
            report.Json = json =>
            {
                json.WriteNumber("writesPerSecond", all.Length / seconds);
                json.WriteNumber("medianMilliseconds", median);
                json.WriteNumber("percentile99Milliseconds", most);
                json.WriteNumber("slowestMilliseconds", slowest);
            };
            context.Printer.Print(report);
            return all.Length > 0 ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static double At(double[] sorted, double part) =>
        sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];

    private static async Task<List<double>> PutAsync(
        IKeyValueStore store, string home, int client, CancellationToken cancellationToken)
    {
        List<double> latencies = [];
        byte[] value = new byte[1024];
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            long start = TimeProvider.System.GetTimestamp();
            try
            {
                await store.PutAsync(
                    Context.Bytes($"{home}{client}/{i % 100}"), value, cancellationToken: cancellationToken);
                latencies.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (Exception exception) when (exception is OperationCanceledException or OutcomeUnknownException)
            {
                // The time is over, or this one does not count.
            }
        }

        return latencies;
    }
}
