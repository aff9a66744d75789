using System.CommandLine;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>get, put, del and compaction.</summary>
public static class KeyCommands
{
    public static IEnumerable<Command> All(VerbFactory verbs) =>
        [Get(verbs), Put(verbs), Delete(verbs), Compact(verbs)];

    /// <summary>Reads get's flags into options; of transactions too.</summary>
    public static SortOrder Order(string text) => text.ToUpperInvariant() switch
    {
        "" => SortOrder.None,
        "ASCEND" => SortOrder.Ascending,
        "DESCEND" => SortOrder.Descending,
        _ => throw new UsageException($"--order is '{text}'; use ASCEND or DESCEND."),
    };

    public static SortTarget Target(string text) => text.ToUpperInvariant() switch
    {
        "" or "KEY" => SortTarget.Key,
        "CREATE" => SortTarget.CreateRevision,
        "MODIFY" => SortTarget.ModRevision,
        "VALUE" => SortTarget.Value,
        "VERSION" => SortTarget.Version,
        _ => throw new UsageException($"--sort-by is '{text}'; use KEY, CREATE, MODIFY, VALUE or VERSION."),
    };

    public static bool IsSerializable(string text) => text switch
    {
        "l" => false,
        "s" => true,
        _ => throw new UsageException($"--consistency is '{text}'; use l (linearizable) or s (serializable)."),
    };

    public static void AddPairs(Report report, Printer printer, IEnumerable<KeyValue> pairs, bool valuesOnly = false)
    {
        report.Columns = ["key", "value", "version", "created", "changed", "lease"];
        foreach (KeyValue pair in pairs)
        {
            if (!valuesOnly)
                report.Line(printer.Bytes(pair.Key));
            report.Line(printer.Bytes(pair.Value));
            Printer.AddPair(report, pair);
            report.Rows.Add(
            [
                printer.Text(pair.Key), printer.Text(pair.Value), $"{pair.Version}", $"{pair.CreateRevision.Value}",
                $"{pair.ModRevision.Value}", pair.Lease.IsNone ? "" : pair.Lease.ToString(),
            ]);
        }
    }

    public static void WritePairs(Utf8JsonWriter json, string name, IReadOnlyList<KeyValue> pairs)
    {
        if (pairs.Count == 0)
            return;

        json.WriteStartArray(name);
        foreach (KeyValue pair in pairs)
            Printer.WritePair(json, pair);
        json.WriteEndArray();
    }

    private static Command Get(VerbFactory verbs)
    {
        Argument<string> key = new("key");
        Argument<string?> end = new("range-end") { Arity = ArgumentArity.ZeroOrOne };
        Option<bool> prefix = new("--prefix") { Description = "All keys that start with the key" };
        Option<bool> fromKey = new("--from-key") { Description = "All keys from the key on" };
        Option<long> limit = new("--limit") { Description = "How many keys at most [all]" };
        Option<long> revision = new("--rev") { Description = "At which revision [the newest]" };
        Option<string> order = new("--order") { Description = "ASCEND or DESCEND", DefaultValueFactory = _ => "" };
        Option<string> sortBy = new("--sort-by")
        {
            Description = "KEY, CREATE, MODIFY, VALUE or VERSION",
            DefaultValueFactory = _ => "",
        };
        Option<string> consistency = new("--consistency")
        {
            Description = "l (linearizable) or s (serializable)",
            DefaultValueFactory = _ => "l",
        };
        Option<bool> keysOnly = new("--keys-only") { Description = "Leave values out" };
        Option<bool> countOnly = new("--count-only") { Description = "Only the number of keys" };
        Option<bool> valuesOnly = new("--print-value-only") { Description = "Leave keys out of the simple form" };
        return verbs.Create("get", "Reads a key or a range of keys", RunAsync, key, end, prefix, fromKey, limit,
            revision, order, sortBy, consistency, keysOnly, countOnly, valuesOnly);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            SortTarget target = Target(context.Get(sortBy));
            GetResult result = await context.Store.GetAsync(
                Context.Range(context.Get(key), context.Get(end), context.Get(prefix), context.Get(fromKey)),
                new()
                {
                    Limit = context.Get(limit),
                    Revision = new(context.Get(revision)),
                    SortOrder = Order(context.Get(order)),
                    SortBy = target,
                    Serializable = IsSerializable(context.Get(consistency)),
                    KeysOnly = context.Get(keysOnly),
                    CountOnly = context.Get(countOnly),
                },
                cancellationToken);
            Report report = new() { Json = Write };
            Printer.AddHeader(report, context.Header);
            if (context.Get(countOnly))
                report.Line($"{result.Count}");
            else
                AddPairs(report, context.Printer, result.KeyValues, context.Get(valuesOnly));
            report.Field("More", result.More).Field("Count", result.Count);
            context.Printer.Print(report);
            return ExitCode.Done;

            void Write(Utf8JsonWriter json)
            {
                Printer.WriteHeader(json, context.Header);
                WritePairs(json, "kvs", result.KeyValues);
                if (result.More)
                    json.WriteBoolean("more", true);
                Printer.Number(json, "count", result.Count);
            }
        }
    }

    private static Command Put(VerbFactory verbs)
    {
        Argument<string> key = new("key");
        Argument<string?> value = new("value")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "Read from standard input if it is left out",
        };
        Option<string> lease = new("--lease")
        {
            Description = "The lease that the key is attached to, in hexadecimal",
            DefaultValueFactory = _ => "0",
        };
        Option<bool> previous = new("--prev-kv") { Description = "Print the version before" };
        Option<bool> keepValue = new("--ignore-value") { Description = "Keep the value; only the lease changes" };
        Option<bool> keepLease = new("--ignore-lease") { Description = "Keep the lease; only the value changes" };
        return verbs.Create(
            "put", "Puts a key", RunAsync, key, value, lease, previous, keepValue, keepLease);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            bool keeps = context.Get(keepValue);
            string text = keeps ? context.Get(value) ?? ""
                : context.Get(value) ?? await context.Terminal.Input.ReadToEndAsync(cancellationToken);
            PutResult result = await context.Store.PutAsync(
                Context.Bytes(context.Get(key)),
                Context.Bytes(text),
                new()
                {
                    Lease = Context.Lease(context.Get(lease)),
                    ReturnPrevious = context.Get(previous),
                    KeepValue = keeps,
                    KeepLease = context.Get(keepLease),
                },
                cancellationToken);
            Report report = new Report().Line("OK");
            Printer.AddHeader(report, context.Header);
            if (result.Previous is { } before)
            {
                report.Line(context.Printer.Bytes(before.Key)).Line(context.Printer.Bytes(before.Value));
                Printer.AddPair(report, before, "Prev");
            }

            report.Json = json =>
            {
                Printer.WriteHeader(json, context.Header);
                if (result.Previous is { } pair)
                {
                    json.WritePropertyName("prev_kv");
                    Printer.WritePair(json, pair);
                }
            };
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Command Delete(VerbFactory verbs)
    {
        Argument<string> key = new("key");
        Argument<string?> end = new("range-end") { Arity = ArgumentArity.ZeroOrOne };
        Option<bool> prefix = new("--prefix") { Description = "All keys that start with the key" };
        Option<bool> fromKey = new("--from-key") { Description = "All keys from the key on" };
        Option<bool> previous = new("--prev-kv") { Description = "Print what was deleted" };
        return verbs.Create(
            "del", "Deletes a key or a range of keys", RunAsync, key, end, prefix, fromKey, previous);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            DeleteResult result = await context.Store.DeleteAsync(
                Context.Range(context.Get(key), context.Get(end), context.Get(prefix), context.Get(fromKey)),
                new DeleteOptions { ReturnPrevious = context.Get(previous) },
                cancellationToken);
            Report report = new Report().Line($"{result.Deleted}");
            Printer.AddHeader(report, context.Header);
            report.Field("Deleted", result.Deleted);
            foreach (KeyValue pair in result.Previous)
            {
                report.Line(context.Printer.Bytes(pair.Key)).Line(context.Printer.Bytes(pair.Value));
                Printer.AddPair(report, pair, "Prev");
            }

            report.Json = json =>
            {
                Printer.WriteHeader(json, context.Header);
                Printer.Number(json, "deleted", result.Deleted);
                WritePairs(json, "prev_kvs", result.Previous);
            };
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static Command Compact(VerbFactory verbs)
    {
        Argument<long> revision = new("revision");
        Option<bool> physical = new("--physical") { Description = "Wait until the space is free" };
        Command command = verbs.Create("compaction", "Forgets history before a revision", RunAsync, revision, physical);
        command.Aliases.Add("compact");
        return command;

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            await context.Store.CompactAsync(
                new(context.Get(revision)), new() { WaitForRemoval = context.Get(physical) }, cancellationToken);
            Report report = new Report().Line($"compacted revision {context.Get(revision)}");
            report.Json = json => Printer.WriteHeader(json, context.Header);
            Printer.AddHeader(report, context.Header);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }
}
