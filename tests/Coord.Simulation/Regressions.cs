namespace Coord.Simulation;

/// <summary>The runs that failed once, from the file beside the program.</summary>
internal static class Regressions
{
    private const string FileName = "regression-seeds.txt";

    public static IEnumerable<RunOptions> Load() =>
        from line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, FileName))
        where line.Length > 0 && line[0] != '#'
        select RunnerArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Options;
}
