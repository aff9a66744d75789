using Coord.LoadGenerator.Load;

namespace Coord.LoadGenerator;

/// <summary>Puts load on servers that speak etcd's protocol, and compares two of them.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] words)
    {
        try
        {
            if (words.Contains("--help"))
                return Usage(LoadOptions.Help);

            LoadOptions options = LoadOptions.Parse(words);
            return options.Command switch
            {
                "compare" => await CompareAsync(options),
                "fill" when options.Endpoints.Length > 0 => await FillAsync(options),
                "run" when options.Endpoints.Length > 0 => await RunAsync(options),
                _ => Usage(LoadOptions.Help),
            };
        }
        catch (FormatException exception)
        {
            return Usage(exception.Message);
        }
    }

    private static async Task<int> CompareAsync(LoadOptions options)
    {
        IReadOnlyList<ComparisonRow> rows = await new Comparison(options).RunAsync();
        await Console.Out.WriteLineAsync(options.Json ? Report.Json(rows) : Report.Table(rows));
        return 0;
    }

    private static async Task<int> FillAsync(LoadOptions options)
    {
        using Target target = new(options.Endpoints, 32, options.Keys, options.ValueBytes);
        await target.FillAsync(options.Keys, CancellationToken.None);
        return 0;
    }

    private static async Task<int> RunAsync(LoadOptions options)
    {
        using Target target = new(options.Endpoints, options.Clients, options.Keys, options.ValueBytes);
        Measurement measured = options.Workload == "watch"
            ? await FanOut.RunAsync(options.Clients, target, options.Duration, options.ProcessIds)
            : await Runner.RunAsync(
                options.Workload, options.Clients, target, options.Duration, options.ProcessIds, options.Bare);
        await Console.Out.WriteLineAsync(options.Json ? Report.Json(measured) : Report.Line(measured));
        return 0;
    }

    private static int Usage(string text)
    {
        Console.Error.WriteLine(text);
        return 2;
    }
}
