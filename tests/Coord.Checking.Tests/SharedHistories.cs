using System.Globalization;
using System.Text.RegularExpressions;
using RegisterCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.RegisterInput, Coord.Simulation.Checking.RegisterOutput>;

namespace Coord.Checking.Tests;

/// <summary>Finds recorded histories of a register with their labels, which lie outside the repository.</summary>
internal static partial class SharedHistories
{
    /// <summary>Gets the folder, or null if there is none on this machine.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Returns the names of the histories, and whether each is linearizable.</summary>
    public static IEnumerable<(string Name, bool IsLinearizable)> ReadLabels() =>
        from line in File.ReadLines(Path.Combine(Folder!, "EXPECTED.tsv"))
        where !line.StartsWith('#') && line.Trim().Length > 0
        let fields = line.Split('\t')
        select (fields[0], bool.Parse(fields[1]));

    /// <summary>
    /// Reads a history: a line for each event, in order, of which one ends what another of the same process began. A
    /// compare-and-set that fails found another value; a read that fails, or times out, tells nothing.
    /// </summary>
    public static List<RegisterCall> Read(string name)
    {
        List<RegisterCall> calls = [];
        Dictionary<int, int> open = [];
        foreach ((int time, string line) in File.ReadLines(Path.Combine(Folder!, "histories", name)).Index())
        {
            Match match = Line().Match(line);
            if (!match.Success)
                continue;
            int process = Number(match.Groups["process"].Value);
            string kind = match.Groups["kind"].Value;
            string value = match.Groups["value"].Value.Trim();
            if (match.Groups["event"].Value == "invoke")
            {
                open[process] = calls.Count;
                calls.Add(new(process, time, RegisterCall.Never, Input(kind, value), null, CallOutcome.Unknown));
                continue;
            }

            int call = open[process];
            open.Remove(process);
            calls[call] = End(calls[call], time, match.Groups["event"].Value, value);
        }

        return calls;
    }

    private static RegisterCall End(RegisterCall call, int time, string how, string value)
    {
        bool isCompareAndSet = call.Input.Kind is RegisterCallKind.CompareAndSet;
        return how switch
        {
            "ok" => call with
            {
                End = time,
                Outcome = CallOutcome.Ok,
                Output = new(call.Input.Kind is RegisterCallKind.Read ? Value(value) : null, isCompareAndSet),
            },
            "fail" when isCompareAndSet => call with { End = time, Outcome = CallOutcome.Ok, Output = new() },
            "fail" => call with { Outcome = CallOutcome.Failed },
            _ => call,
        };
    }

    private static RegisterInput Input(string kind, string value)
    {
        switch (kind)
        {
            case "read":
                return RegisterInput.Read();
            case "write":
                return RegisterInput.Write(Number(value));
            default:
                string[] pair = value.Trim('[', ']').Split(' ');
                return RegisterInput.CompareAndSet(Number(pair[0]), Number(pair[1]));
        }
    }

    private static int? Value(string value) => value == "nil" ? null : Number(value);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string? Find()
    {
        string? shared = Environment.GetEnvironmentVariable("COORD_SHARED");
        if (string.IsNullOrEmpty(shared))
        {
            DirectoryInfo? root = new(AppContext.BaseDirectory);
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "Coord.sln")))
                root = root.Parent;
            shared = root?.Parent is { } parent ? Path.Combine(parent.FullName, "shared") : null;
        }

        string? folder = shared is null ? null : Path.Combine(shared, "linearizability");
        return Directory.Exists(folder) ? folder : null;
    }

    [GeneratedRegex(
        @"jepsen\.util - (?<process>\d+)\s+:(?<event>invoke|ok|fail|info)\s+:(?<kind>read|write|cas)\s+(?<value>.*)$")]
    private static partial Regex Line();
}
