using System.CommandLine;
using System.Globalization;
using Coord.Cli.Output;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>check perf and check datascale: whether a cluster keeps up with a load, and what a load costs it.</summary>
public static class CheckCommand
{
    private const string MemoryMetric = "process_resident_memory_bytes ";
    private const int MaxMetricsBytes = 16 << 20;
    private const double LeastPartOfLoad = 0.9;
    private const double MostSeconds = 0.5;
    private const double MostDeviation = 0.1;
    private const int PerfKeyDigits = 256, PerfValueBytes = 1024;
    private const int ScaleKeyDigits = 512, ScaleValueBytes = 512;

    public static Command Create(VerbFactory verbs) =>
        VerbFactory.Group("check", "Measures a cluster", Perf(verbs), DataScale(verbs));

    private static Command Perf(VerbFactory verbs)
    {
        Common common = new("/etcdctl-check-perf/");
        Option<string> duration = new("--duration") { Description = "How long", DefaultValueFactory = _ => "60s" };
        return verbs.Create(
            "perf", "Writes for a while, and judges how well it went", RunAsync, [.. common.All, duration]);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            CheckLoad load = CheckLoad.Of(context.Get(common.Load));
            string home = await common.HomeAsync(context, cancellationToken);
            CheckWrites writes = new(context.Store, home, PerfKeyDigits, PerfValueBytes);
            using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ends.CancelAfter(GlobalOptions.ParseDuration(context.Get(duration), "--duration"));
            long start = TimeProvider.System.GetTimestamp();
            await writes.RunAsync(load.Clients, load.WritesPerSecond, long.MaxValue, ends.Token);
            double rate = writes.Seconds().Length / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            await common.CleanAsync(context, home, cancellationToken);
            return Judge(context, writes, rate, load) ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private static bool Judge(Context context, CheckWrites writes, double rate, CheckLoad load)
    {
        double[] all = writes.Seconds();
        double slowest = all.LastOrDefault(), mean = all.DefaultIfEmpty().Average();
        double deviation = Math.Sqrt(all.Select(one => (one - mean) * (one - mean)).DefaultIfEmpty().Average());
        bool isFast = rate > LeastPartOfLoad * load.WritesPerSecond;
        bool passes = isFast && slowest <= MostSeconds && deviation <= MostDeviation && writes.Errors.Count == 0;

        Report report = new() { Columns = ["writes per second", "median", "slowest", "deviation", "verdict"] };
        AddErrors(report, writes);
        report.Line(isFast ? $"PASS: Throughput is {rate:0} writes/s" : $"FAIL: Throughput too low: {rate:0} writes/s")
            .Line(slowest <= MostSeconds
                ? Text($"PASS: Slowest request took {slowest:0.000000}s")
                : Text($"Slowest request took too long: {slowest:0.000000}s"))
            .Line(deviation <= MostDeviation
                ? Text($"PASS: Stddev is {deviation:0.000000}s") : Text($"Stddev too high: {deviation:0.000000}s"))
            .Line(passes ? "PASS" : "FAIL");
        double median = all.Length == 0 ? 0 : all[all.Length / 2];
        report.Rows.Add(
        [
            Text($"{rate:0}"), Text($"{median * 1000:0.##} ms"), Text($"{slowest * 1000:0.##} ms"),
            Text($"{deviation * 1000:0.##} ms"), passes ? "pass" : "fail",
        ]);
        report.Json = json =>
        {
            json.WriteNumber("writesPerSecond", rate);
            json.WriteNumber("medianMilliseconds", median * 1000);
            json.WriteNumber("slowestMilliseconds", slowest * 1000);
            json.WriteNumber("deviationMilliseconds", deviation * 1000);
            json.WriteBoolean("pass", passes);
        };
        context.Printer.Print(report);
        return passes;
    }

    private static Command DataScale(VerbFactory verbs)
    {
        Common common = new("/etcdctl-check-datascale/");
        return verbs.Create("datascale", "Tells how much memory many keys take", RunAsync, common.All);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            CheckLoad load = CheckLoad.Of(context.Get(common.Load));
            string home = await common.HomeAsync(context, cancellationToken);
            CheckWrites writes = new(context.Store, home, ScaleKeyDigits, ScaleValueBytes);
            double before = await MemoryAsync(context, cancellationToken);
            context.Printer.Print(new Report().Line(
                $"Start data scale check for work load [{load.Keys} key-value pairs, "
                + $"{ScaleKeyDigits + ScaleValueBytes} bytes per key-value, {load.Clients} concurrent clients]."));
            await writes.RunAsync(load.Clients, null, load.Keys, cancellationToken);
            double used = (await MemoryAsync(context, cancellationToken) - before) / (1 << 20);
            await common.CleanAsync(context, home, cancellationToken);
            Report report = new();
            AddErrors(report, writes);
            if (writes.Errors.Count == 0)
                report.Line(Text($"PASS: Approximate system memory used : {used:0.00} MB."));
            report.Json = json => json.WriteNumber("megabytes", used);
            context.Printer.Print(report);
            return writes.Errors.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        }
    }

    /// <summary>Asks the first endpoint how much memory its process has.</summary>
    private static async Task<double> MemoryAsync(Context context, CancellationToken cancellationToken)
    {
        Uri metrics = new(PlainHttp.AddressOf(context.ClientOptions) + "/metrics");
        using HttpClient http = PlainHttp.Create(context.ClientOptions, MaxMetricsBytes);
        string text = await PlainHttp.SendAsync(
            http, new HttpRequestMessage(HttpMethod.Get, metrics), metrics, cancellationToken);
        string? line = text.Split('\n').FirstOrDefault(
            line => line.StartsWith(MemoryMetric, StringComparison.Ordinal));
        return line is not null && double.TryParse(
            line[MemoryMetric.Length..], CultureInfo.InvariantCulture, out double bytes)
            ? bytes
            : throw new IOException($"{metrics} does not say what memory the process has.");
    }

    private static void AddErrors(Report report, CheckWrites writes)
    {
        if (writes.Errors.Count > 0)
            report.Line("FAIL: too many errors");
        foreach ((string error, int times) in writes.Errors)
            report.Line($"FAIL: ERROR({error}) -> {times}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>What both checks take, and what they do before and after.</summary>
    private sealed class Common
    {
        public Common(string prefix) => Prefix = new("--prefix")
        {
            Description = "Where the keys are, that are deleted afterwards",
            DefaultValueFactory = _ => prefix,
        };

        public Option<string> Load { get; } = new("--load")
        {
            Description = "How much: s, m, l or xl",
            DefaultValueFactory = _ => "s",
        };

        public Symbol[] All => [Load, Prefix, Compact, Defragment];

        private Option<string> Prefix { get; }

        private Option<bool> Compact { get; } = new("--auto-compact") { Description = "Compact afterwards" };

        private Option<bool> Defragment { get; } = new("--auto-defrag") { Description = "Defragment afterwards" };

        public async Task<string> HomeAsync(Context context, CancellationToken cancellationToken)
        {
            string home = context.Get(Prefix);
            if (home.Length == 0)
                throw new UsageException("--prefix is empty: all keys would be deleted afterwards.");

            GetResult present = await context.Store.GetPrefixAsync(home, new() { Limit = 1 }, cancellationToken);
            return present.Count == 0
                ? home : throw new UsageException($"There are keys under {home}: name an unused --prefix.");
        }

        public async Task CleanAsync(Context context, string home, CancellationToken cancellationToken)
        {
            DeleteResult deleted = await context.Store.DeletePrefixAsync(home, cancellationToken);
            if (context.Get(Compact))
            {
                await context.Store.CompactAsync(deleted.Revision, cancellationToken: cancellationToken);
                context.Printer.Print(new Report().Line($"Compacted with revision {deleted.Revision.Value}"));
            }

            foreach (string endpoint in context.Get(Defragment) ? context.Client.Endpoints : [])
            {
                await context.Client.Maintenance.DefragmentAsync(endpoint, cancellationToken);
                context.Printer.Print(new Report().Line($"Defragmented \"{endpoint}\""));
            }
        }
    }
}
