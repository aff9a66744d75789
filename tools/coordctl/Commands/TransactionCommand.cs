using System.CommandLine;
using System.Text.Json;
using Coord.Cli.Output;
using Coord.Kv;

namespace Coord.Cli.Commands;

/// <summary>txn: reads a transaction from standard input and commits it.</summary>
public static class TransactionCommand
{
    public static Command Create(VerbFactory verbs)
    {
        Option<bool> interactive = new("--interactive", "-i") { Description = "Ask for each part" };
        return verbs.Create("txn", "Commits a transaction that is read from standard input", RunAsync, interactive);

        async Task<int> RunAsync(Context context, CancellationToken cancellationToken)
        {
            bool asks = context.Get(interactive);
            Transaction transaction = TransactionText.Read(context.Terminal.Input, part =>
            {
                if (asks)
                {
                    context.Terminal.Output.Write(Context.Bytes(part + "\n"));
                    context.Terminal.Output.Flush();
                }
            });
            TransactionResult result = await context.Store.CommitAsync(transaction, cancellationToken);
            Report report = new Report().Line(result.Succeeded ? "SUCCESS" : "FAILURE");
            Printer.AddHeader(report, context.Header);
            report.Field("Succeeded", result.Succeeded);
            foreach (OperationResult step in result.Results)
                Add(report, context.Printer, step);
            report.Json = json => Write(json, context, result);
            context.Printer.Print(report);
            return ExitCode.Done;
        }
    }

    private static void Add(Report report, Printer printer, OperationResult step)
    {
        report.Line("");
        IReadOnlyList<KeyValue> pairs = step.Get?.KeyValues ?? step.Delete?.Previous
            ?? (step.Put is { Previous: { } before } ? [before] : []);
        if (step.Put is not null)
            report.Line("OK");
        else if (step.Delete is { } delete)
            report.Line($"{delete.Deleted}").Field("Deleted", delete.Deleted);
        foreach (KeyValue pair in pairs)
        {
            report.Line(printer.Bytes(pair.Key)).Line(printer.Bytes(pair.Value));
            Printer.AddPair(report, pair, step.Get is null ? "Prev" : "");
        }
    }

    private static void Write(Utf8JsonWriter json, Context context, TransactionResult result)
    {
        Printer.WriteHeader(json, context.Header);
        if (result.Succeeded)
            json.WriteBoolean("succeeded", true);
        if (result.Results.Count == 0)
            return;

        json.WriteStartArray("responses");
        foreach (OperationResult step in result.Results)
        {
            json.WriteStartObject();
            json.WriteStartObject("Response");
            json.WriteStartObject(
                step.Get is not null ? "ResponseRange" : step.Put is not null ? "ResponsePut" : "ResponseDeleteRange");
            json.WriteStartObject("header");
            json.WriteNumber(
                "revision",
                (step.Get?.Revision ?? step.Put?.Revision ?? step.Delete?.Revision ?? result.Revision).Value);
            json.WriteEndObject();
            if (step.Get is { } get)
            {
                KeyCommands.WritePairs(json, "kvs", get.KeyValues);
                if (get.More)
                    json.WriteBoolean("more", true);
                Printer.Number(json, "count", get.Count);
            }
            else if (step.Delete is { } delete)
            {
                Printer.Number(json, "deleted", delete.Deleted);
                KeyCommands.WritePairs(json, "prev_kvs", delete.Previous);
            }
            else if (step.Put?.Previous is { } before)
            {
                json.WritePropertyName("prev_kv");
                Printer.WritePair(json, before);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
