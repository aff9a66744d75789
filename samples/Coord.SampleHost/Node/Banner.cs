using Coord.SampleHost.Configuration;
using Spectre.Console;

namespace Coord.SampleHost.Node;

/// <summary>What is printed when the node is up: one summary, and for a newcomer what to try next.</summary>
internal static class Banner
{
    /// <summary>A path or URL must not be broken in two where no terminal asks for it.</summary>
    private const int PlainWidth = 400;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static void Print(HostSettings settings, bool isNewcomer)
    {
        if (!AnsiConsole.Profile.Out.IsTerminal)
            AnsiConsole.Profile.Width = PlainWidth;

        AnsiConsole.MarkupLineInterpolated($"[bold]coord-host {Flags.Version}[/]: node '{settings.Name}' is up.");
        Line("data", settings.DataDirectory);
        Line("clients", string.Join(", ", settings.ClientListen));
        if (settings.Cluster.Members.Count > 1 || settings.JoinExisting)
        {
            Line("peers", settings.PeerListen.ToString());
            Line("cluster", $"{settings.Cluster.Id} of {Members(settings)}");
        }

        if (isNewcomer)
            PrintFirstSteps(settings.ClientListen[0]);
    }

    /// <summary>Logs what scripts and test suites that start etcd wait for before they connect.</summary>
    /// <remarks>As in etcd, once the cluster knows how this member is called and reached.</remarks>
    public static async Task AnnounceAsync(
        HostSettings settings, CoordNode node, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            while (node.Store.Members.All(member => member.Id != node.Raft.Id || member.Name != node.Name))
                await Task.Delay(Pause, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        logger.LogInformation("enabled capabilities for version {Version}", Flags.EtcdVersion);
        logger.LogInformation(
            "published {{Name:{Name} ClientURLs:[{Urls}]}} to cluster {Cluster}",
            settings.Name, string.Join(' ', settings.ClientAdvertise), settings.Cluster.Id);
    }

    private static string Members(HostSettings settings) =>
        string.Join(", ", settings.Cluster.Members.Select(member => $"{member.Name} ({member.PeerUrls[0]})"));

    private static void PrintFirstSteps(PortUrl client)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.WriteLine("Try, in another terminal:");
        Command($"curl -X PUT -d 'hello' {client}/v1/kv/greeting");
        Command($"curl {client}/v1/kv/greeting");
        Command($"curl '{client}/v1/kv?prefix=gr'");
        Command($"curl -N '{client}/v1/watch?prefix=gr&revision=1'");
        Command($"curl {client}/v1/status");
        AnsiConsole.WriteLine();
        AnsiConsole.WriteLine("Ctrl+C stops it. --help lists the flags, 'coord-host demo' shows a cluster at work.");
    }

    private static void Line(string name, string value) =>
        AnsiConsole.MarkupLineInterpolated($"  [grey]{name,-8}[/] {value}");

    private static void Command(string line) => AnsiConsole.MarkupLineInterpolated($"  [green]{line}[/]");
}
