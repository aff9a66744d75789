using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>watch: prints changes until it is interrupted, and runs a program for each if one is given.</summary>
public static class WatchCommand
{
    public static Command Create(VerbFactory verbs)
    {
        WatchLine line = new();
        Option<bool> interactive = new("--interactive", "-i") { Description = "Read what to watch, line by line" };
        return verbs.Create(
            "watch", "Watches keys; a program after -- is run for each change", RunAsync, [.. line.Parts, interactive]);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            if (context.Get(interactive))
                await InteractAsync(context, line, cancellationToken);
            else
                await WatchAsync(context, line.Read(context), cancellationToken);
            return ExitCode.Done;
        }
    }

    /// <summary>Reads lines and begins a watch for each; at the end of the lines the watches go on.</summary>
    private static async Task InteractAsync(Context context, WatchLine line, CancellationToken cancellationToken)
    {
        List<Task> watches = [];
        while (await context.Terminal.Input.ReadLineAsync(cancellationToken) is { } text)
        {
            try
            {
                WatchRequest request = line.Parse(text, context.Terminal);
                watches.Add(GuardedAsync(() => WatchAsync(context, request, cancellationToken)));
            }
            catch (UsageException exception)
            {
                Complaints.Print(exception, context.Terminal);
            }
        }

        await Task.WhenAll(watches);

        // One that fails says so, and leaves the others alone.
        async Task GuardedAsync(Func<Task> watch)
        {
            try
            {
                await watch();
            }
            catch (Exception exception) when (exception is CoordException or UsageException)
            {
                Complaints.Print(exception, context.Terminal);
            }
        }
    }

    private static async Task WatchAsync(Context context, WatchRequest request, CancellationToken cancellationToken)
    {
        await foreach (WatchBatch batch in context.Store.WatchAsync(request.Range, request.Options, cancellationToken))
        {
            context.Printer.Print(Describe(context, batch));
            foreach (WatchEvent change in request.Program.Count > 0 ? batch.Events : [])
                await RunProgramAsync(request.Program, change, cancellationToken);
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

    private static Task<int> RunProgramAsync(
        IReadOnlyList<string> program, WatchEvent change, CancellationToken cancellationToken)
    {
        (string, string)[] about =
        [
            ("REVISION", change.Revision.Value.ToString(CultureInfo.InvariantCulture)),
            ("EVENT_TYPE", $"\"{Kind(change)}\""),
            ("KEY", Printer.Quoted(change.KeyValue.Key)),
            ("VALUE", Printer.Quoted(change.KeyValue.Value)),
        ];
        return ProgramRunner.RunAsync(
            program,
            about.SelectMany(pair => new[] { ($"ETCD_WATCH_{pair.Item1}", pair.Item2),
                ($"COORD_WATCH_{pair.Item1}", pair.Item2) }),
            cancellationToken);
    }
}
