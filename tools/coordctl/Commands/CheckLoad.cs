namespace Coord.Cli.Commands;

/// <summary>How much a check asks of a cluster: etcdctl's four sizes.</summary>
/// <param name="Clients">How many writes are under way at once.</param>
/// <param name="WritesPerSecond">How many writes begin in a second.</param>
/// <param name="Keys">How many keys a check of memory writes.</param>
public sealed record CheckLoad(int Clients, int WritesPerSecond, int Keys)
{
    /// <exception cref="UsageException">There is no such size.</exception>
    public static CheckLoad Of(string name) => name switch
    {
        "s" or "small" => new(50, 150, 10_000),
        "m" or "medium" => new(200, 1_000, 100_000),
        "l" or "large" => new(500, 8_000, 1_000_000),
        "xl" or "xLarge" => new(1_000, 15_000, 3_000_000),
        _ => throw new UsageException($"--load is '{name}'; use s, m, l or xl."),
    };
}
