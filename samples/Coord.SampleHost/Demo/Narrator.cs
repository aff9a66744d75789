using Spectre.Console;

namespace Coord.SampleHost.Demo;

/// <summary>Tells what happens, each line with the time since the beginning.</summary>
internal sealed class Narrator
{
    private const int PlainWidth = 160;
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private readonly Lock _lock = new();

    public Narrator()
    {
        if (!AnsiConsole.Profile.Out.IsTerminal)
            AnsiConsole.Profile.Width = PlainWidth;
    }

    public static TimeSpan Since(long timestamp) => TimeProvider.System.GetElapsedTime(timestamp);

    public static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0} ms";

    public static void Sum(IEnumerable<(string What, string Result)> results)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("What", "Result");
        foreach ((string what, string result) in results)
            table.AddRow(Markup.Escape(what), Markup.Escape(result));

        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
    }

    public void Chapter(string title)
    {
        lock (_lock)
        {
            AnsiConsole.WriteLine();
            AnsiConsole.MarkupLineInterpolated($"[bold yellow]{title}[/]");
        }
    }

    public void Say(string sentence) => Tell($"{sentence}");

    public void Saw(string observation) => Tell($"[cyan]{observation}[/]");

    private void Tell(FormattableString markup)
    {
        lock (_lock)
        {
            AnsiConsole.MarkupInterpolated($"  [grey]{Since(_start).TotalSeconds,6:0.000} s[/]  ");
            AnsiConsole.MarkupLineInterpolated(markup);
        }
    }
}
