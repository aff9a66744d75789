using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Coord.Client;
using Coord.Kv;
using Spectre.Console;

namespace Coord.Cli.Output;

/// <summary>Prints reports in the wanted form. The simple, JSON and fields forms are etcdctl's.</summary>
public sealed class Printer(Terminal terminal, Format format, bool hex)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();

    public Format Format => format;

    /// <summary>Prints a report, whole: several watches may print.</summary>
    public void Print(Report report)
    {
        lock (_lock)
        {
            switch (format)
            {
                case Format.Json: PrintJson(report); break;
                case Format.Fields: PrintFields(report); break;
                case Format.Table when report.Columns.Length > 0: PrintTable(report); break;
                default: PrintLines(report); break;
            }

            terminal.Output.Flush();
        }
    }

    /// <summary>A key or value in the simple form.</summary>
    public byte[] Bytes(ReadOnlyMemory<byte> bytes) =>
        hex ? Encoding.ASCII.GetBytes(string.Concat(bytes.ToArray().Select(b => $"\\x{b:x2}"))) : bytes.ToArray();

    /// <summary>A key or value for people.</summary>
    public string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(Bytes(bytes));

    /// <summary>A key or value in quotes, as the fields form has it.</summary>
    public static string Quoted(ReadOnlyMemory<byte> bytes)
    {
        StringBuilder text = new("\"");
        foreach (Rune rune in Encoding.UTF8.GetString(bytes.Span).EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                < 0x20 or 0x7f => $"\\x{rune.Value:x2}",
                _ => rune.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    public static void WriteHeader(Utf8JsonWriter json, ServerHeader header)
    {
        json.WriteStartObject("header");
        Number(json, "cluster_id", header.ClusterId.Value);
        Number(json, "member_id", header.Member.Value);
        Number(json, "revision", (ulong)header.Revision.Value);
        Number(json, "raft_term", (ulong)header.Term.Value);
        json.WriteEndObject();
    }

    /// <summary>Writes a number unless it is zero, as etcdctl does.</summary>
    public static void Number(Utf8JsonWriter json, string name, ulong value)
    {
        if (value != 0)
            json.WriteNumber(name, value);
    }

    public static void Number(Utf8JsonWriter json, string name, long value)
    {
        if (value != 0)
            json.WriteNumber(name, value);
    }

    public static void WritePair(Utf8JsonWriter json, KeyValue pair)
    {
        json.WriteStartObject();
        json.WriteBase64String("key", pair.Key.Span);
        Number(json, "create_revision", pair.CreateRevision.Value);
        Number(json, "mod_revision", pair.ModRevision.Value);
        Number(json, "version", pair.Version);
        if (!pair.Value.IsEmpty)
            json.WriteBase64String("value", pair.Value.Span);
        Number(json, "lease", pair.Lease.Value);
        json.WriteEndObject();
    }

    public static void AddHeader(Report report, ServerHeader header) => report
        .Field("ClusterID", header.ClusterId.Value)
        .Field("MemberID", header.Member.Value)
        .Field("Revision", header.Revision.Value)
        .Field("RaftTerm", header.Term.Value);

    public static void AddPair(Report report, KeyValue pair, string prefix = "") => report
        .Field(prefix + "Key", new Verbatim(Quoted(pair.Key)))
        .Field(prefix + "CreateRevision", pair.CreateRevision.Value)
        .Field(prefix + "ModRevision", pair.ModRevision.Value)
        .Field(prefix + "Version", pair.Version)
        .Field(prefix + "Value", new Verbatim(Quoted(pair.Value)))
        .Field(prefix + "Lease", pair.Lease.Value);

    private void PrintJson(Report report)
    {
        using (Utf8JsonWriter json = new(terminal.Output, Plain))
        {
            if (report.IsJsonArray)
                json.WriteStartArray();
            else
                json.WriteStartObject();
            report.Json?.Invoke(json);
            if (report.IsJsonArray)
                json.WriteEndArray();
            else
                json.WriteEndObject();
        }

        Write("\n"u8);
    }

    private void PrintFields(Report report)
    {
        if (report.Fields.Count == 0)
            PrintLines(report);
        foreach ((string name, object value) in report.Fields)
        {
            string text = value switch
            {
                string s => Quoted(Encoding.UTF8.GetBytes(s)),
                bool b => b ? "true" : "false",
                Verbatim verbatim => verbatim.Text,
                IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
                _ => value.ToString() ?? "",
            };
            Write(Encoding.UTF8.GetBytes($"\"{name}\" : {text}\n"));
        }
    }

    private void PrintLines(Report report)
    {
        foreach (byte[] line in report.Lines)
        {
            Write(line);
            Write("\n"u8);
        }
    }

    private void PrintTable(Report report)
    {
        Table table = new() { Border = TableBorder.Rounded };
        foreach (string column in report.Columns)
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(column)}[/]"));
        foreach (string[] row in report.Rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        terminal.Console.Write(table);
    }

    private void Write(ReadOnlySpan<byte> bytes) => terminal.Output.Write(bytes);

    /// <summary>Text that is printed as it is.</summary>
    private sealed record Verbatim(string Text);
}
