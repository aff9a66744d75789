using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>watch: prints changes until it is interrupted, and runs a program for each if one is given.</summary>
public static class WatchCommand
{
    public static Command Create(VerbFactory verbs)
    {
        Argument<string> key = new("key");
        Argument<string?> end = new("range-end") { Arity = ArgumentArity.ZeroOrOne };
        Option<bool> prefix = new("--prefix") { Description = "All keys that start with the key" };
        Option<bool> fromKey = new("--from-key") { Description = "All keys from the key on" };
        Option<long> revision = new("--rev") { Description = "The first revision to see [what comes from now on]" };
        Option<bool> previous = new("--prev-kv") { Description = "Print the version before, too" };
        Option<bool> progress = new("--progress-notify") { Description = "Print reports of progress" };
        return verbs.Create("watch", "Watches keys; a program after -- is run for each change", RunAsync, key, end,
            prefix, fromKey, revision, previous, progress);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            WatchOptions options = new()
            {
                StartRevision = new(context.Get(revision)),
                ReturnPrevious = context.Get(previous),
                ReportProgress = context.Get(progress),
            };
            KeyRange range = Context.Range(
                context.Get(key), context.Get(end), context.Get(prefix), context.Get(fromKey));
            await foreach (WatchBatch batch in context.Store.WatchAsync(range, options, cancellationToken))
            {
                context.Printer.Print(Describe(context, batch));
                foreach (WatchEvent change in context.Program.Count > 0 ? batch.Events : [])
                    await RunProgramAsync(context, change, cancellationToken);
            }

            return ExitCode.Done;
        }
    }

    private static string Kind(WatchEvent change) => change.Kind is WatchEventKind.Put ? "PUT" : "DELETE";

    private static Report Describe(Context context, WatchBatch batch)
    {
        Report report = new();
        if (batch.Events.Count == 0)
            report.Line($"progress notify: {batch.Revision.Value}");
        if (context.Terminal.IsInteractive)
            report.Columns = ["revision", "change", "key", "value", "before"];
        foreach (WatchEvent change in batch.Events)
        {
            report.Line(Kind(change)).Field("Type", Kind(change));
            if (change.Previous is { } before)
            {
                report.Line(context.Printer.Bytes(before.Key)).Line(context.Printer.Bytes(before.Value));
                Printer.AddPair(report, before, "Prev");
            }

            // A deletion has no value, and its line stays empty.
            report.Line(context.Printer.Bytes(change.KeyValue.Key)).Line(context.Printer.Bytes(change.KeyValue.Value));
            Printer.AddPair(report, change.KeyValue);
            report.Rows.Add(
            [
                $"{change.Revision.Value}", Kind(change), context.Printer.Text(change.KeyValue.Key),
                context.Printer.Text(change.KeyValue.Value), context.Printer.Text(change.Previous?.Value ?? default),
            ]);
        }

        report.Json = json => Write(json, context, batch);
        return report;
    }

    private static void Write(Utf8JsonWriter json, Context context, WatchBatch batch)
    {
        json.WriteStartObject("Header");
        Printer.Number(json, "cluster_id", context.Header.ClusterId.Value);
        Printer.Number(json, "member_id", context.Header.Member.Value);
        json.WriteNumber("revision", batch.Revision.Value);
        Printer.Number(json, "raft_term", context.Header.Term.Value);
        json.WriteEndObject();
        json.WriteStartArray("Events");
        foreach (WatchEvent change in batch.Events)
        {
            json.WriteStartObject();
            if (change.Kind is WatchEventKind.Delete)
                json.WriteNumber("type", 1);
            json.WritePropertyName("kv");
            Printer.WritePair(json, change.KeyValue);
            if (change.Previous is { } before)
            {
                json.WritePropertyName("prev_kv");
                Printer.WritePair(json, before);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("CompactRevision", 0);
        json.WriteBoolean("Canceled", false);
        json.WriteBoolean("Created", false);
    }

    private static Task<int> RunProgramAsync(Context context, WatchEvent change, CancellationToken cancellationToken)
    {
        (string, string)[] about =
        [
            ("REVISION", change.Revision.Value.ToString(CultureInfo.InvariantCulture)),
            ("EVENT_TYPE", $"\"{Kind(change)}\""),
            ("KEY", Printer.Quoted(change.KeyValue.Key)),
            ("VALUE", Printer.Quoted(change.KeyValue.Value)),
        ];
        return ProgramRunner.RunAsync(
            context.Program,
            about.SelectMany(pair => new[] { ($"ETCD_WATCH_{pair.Item1}", pair.Item2),
                ($"COORD_WATCH_{pair.Item1}", pair.Item2) }),
            cancellationToken);
    }
}
