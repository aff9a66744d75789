using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;
using Spectre.Console;

namespace Coord.Process.Tests.Faults;

/// <summary>Puts results beside what was expected: the table that <c>./build.sh faults</c> prints.</summary>
/// <remarks>
/// Arguments: the results as dotnet test wrote them (trx), which rows were wanted (<c>D22,P1</c> or <c>all</c>), and
/// <c>--json</c> for machines.
/// </remarks>
internal static class FaultTable
{
    private const int Width = 200;
    private const string Seen = "seen: ";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Prints the table.</summary>
    /// <returns>The exit code: 1 if a row failed, or if there is none.</returns>
    public static int Run(string[] arguments)
    {
        Dictionary<string, XElement> results = Read(arguments[0]);
        string[] wanted = arguments[1].Split(',');
        FaultRow[] rows =
        [
            .. from type in typeof(FaultTable).Assembly.GetTypes()
               from method in type.GetMethods()
               from fault in method.GetCustomAttributes<FaultAttribute>()
               where wanted.Contains("all") || wanted.Contains(fault.Row)
               let tests = results.Where(result => IsOf(result.Key, $"{type.FullName}.{method.Name}"))
               select RowOf(fault, $"{type.Name}.{method.Name}", [.. tests.Select(test => test.Value)]),
        ];
        rows = [.. rows.OrderBy(row => row.Row, Comparer<string>.Create(CompareRows))];
        if (arguments.Contains("--json"))
            Console.WriteLine(JsonSerializer.Serialize(rows, Json));
        else
            Print(rows);

        return rows.Length > 0 && rows.All(row => row.Ok is not "NO") ? 0 : 1;
    }

    /// <summary>Reads the results by the full names of their tests, a theory's with their arguments.</summary>
    private static Dictionary<string, XElement> Read(string path)
    {
        XElement run = XElement.Load(path);
        XNamespace space = run.Name.Namespace;
        Dictionary<string, string> classes = run.Descendants(space + "UnitTest").ToDictionary(
            test => (string)test.Attribute("id")!,
            test => (string)test.Element(space + "TestMethod")!.Attribute("className")!);
        Dictionary<string, XElement> results = [];
        foreach (XElement result in run.Descendants(space + "UnitTestResult"))
        {
            string name = (string)result.Attribute("testName")!;
            string type = classes[(string)result.Attribute("testId")!];
            results[name.StartsWith(type, StringComparison.Ordinal) ? name : $"{type}.{name}"] = result;
        }

        return results;
    }

    private static bool IsOf(string name, string method) => name == method
        || (name.StartsWith(method, StringComparison.Ordinal) && name[method.Length] is '(');

    private static FaultRow RowOf(FaultAttribute fault, string test, XElement[] results)
    {
        string[] outcomes = [.. results.Select(result => (string)result.Attribute("outcome")!)];
        if (outcomes.Length == 0)
            return new FaultRow(fault.Row, fault.Scenario, fault.Expected, "it did not run", "NO", 0, test);

        string ok = outcomes.All(outcome => outcome is "Passed") ? "yes"
            : outcomes.Any(outcome => outcome is "Failed") ? "NO" : "skipped";
        double seconds = results.Sum(result => TimeSpan.Parse(
            (string?)result.Attribute("duration") ?? "0:0:0", CultureInfo.InvariantCulture).TotalSeconds);
        string said = string.Join("; ", results.Select(result => Said(result, ok)).Distinct());
        return new FaultRow(fault.Row, fault.Scenario, fault.Expected, said, ok, Math.Round(seconds, 1), test);
    }

    /// <summary>What the test itself says it has seen; else why it failed or was skipped.</summary>
    private static string Said(XElement result, string ok)
    {
        XNamespace space = result.Name.Namespace;
        string text = string.Concat(result.Descendants(space + "StdOut").Select(element => element.Value));
        if (ok is "yes")
        {
            string? line = text.Split('\n').LastOrDefault(line => line.StartsWith(Seen, StringComparison.Ordinal));
            return line is null ? "as expected" : line[Seen.Length..].Trim();
        }

        string message = string.Concat(result.Descendants(space + "Message").Select(element => element.Value));
        string reason = (message.Length > 0 ? message : text).Trim();
        return reason.Length > 300 ? reason[..300] + " ..." : reason;
    }

    private static void Print(FaultRow[] rows)
    {
        AnsiConsole.Profile.Width = Math.Max(Width, AnsiConsole.Profile.Width);
        Table table = new() { Border = TableBorder.Minimal };
        foreach (string name in (string[])["row", "scenario", "expected", "seen", "ok", "s"])
            table.AddColumn(new TableColumn(name));
        foreach (FaultRow row in rows)
        {
            string seconds = row.Seconds.ToString("0.0", CultureInfo.InvariantCulture);
            string[] cells = [row.Row, row.Scenario, row.Expected, row.Seen, row.Ok, seconds];
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        Console.WriteLine(
            $"{rows.Count(row => row.Ok is "yes")} as expected, {rows.Count(row => row.Ok is "NO")} not, "
            + $"{rows.Count(row => row.Ok is "skipped")} skipped, {rows.Sum(row => row.Seconds):0} s.");
        Console.WriteLine("Shown elsewhere, without a process of its own:");
        foreach (FaultElsewhere other in FaultElsewhere.All)
            Console.WriteLine($"  {other.Row,-4} {other.Scenario}: {other.Test}");
    }

    /// <summary>D2 comes before D10.</summary>
    private static int CompareRows(string? a, string? b)
    {
        (string Letters, int Number) Parts(string? row)
        {
            string digits = new([.. row!.Where(char.IsAsciiDigit)]);
            return (row!.TrimEnd([.. "0123456789"]), int.Parse(digits, CultureInfo.InvariantCulture));
        }

        return Parts(a).CompareTo(Parts(b));
    }
}

/// <summary>A fault and what became of it.</summary>
internal sealed record FaultRow(
    string Row, string Scenario, string Expected, string Seen, string Ok, double Seconds, string Test);
