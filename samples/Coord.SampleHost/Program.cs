using System.Net.Sockets;
using Coord.Raft;
using Coord.SampleHost.Cloud;
using Coord.SampleHost.Configuration;
using Coord.SampleHost.Demo;
using Coord.SampleHost.Http;
using Coord.SampleHost.Node;

namespace Coord.SampleHost;

/// <summary>Runs one Coord node, or shows three of them.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] words)
    {
        try
        {
            return CommandOf(ref words) switch
            {
                null => await RunAsync(words),
                "demo" => await DemoCommand.RunAsync(words),
                "help" => Print(Flags.Help()),
                "version" => Print(Flags.Version),
                string other => throw HostException.Usage($"There is no command '{other}'; see coord-host --help."),
            };
        }
        catch (HostException exception)
        {
            return Complain(exception, exception.ExitCode);
        }
        catch (MemberRemovedException exception)
        {
            return Complain(exception, ExitCode.Removed);
        }
        catch (Exception exception) when (exception is CoordException or IOException or UnauthorizedAccessException)
        {
            return Complain(exception, ExitCode.CannotStart);
        }
    }

    private static async Task<int> RunAsync(string[] words)
    {
        GivenValues values = ConfigurationSources.Read(words, Environment.GetEnvironmentVariables());
        if (values.Switch("help"))
            return Print(Flags.Help());
        if (values.Switch("version"))
            return Print($"coord-host {Flags.Version}");

        HostSettings settings = HostSettings.From(values);
        using ILoggerFactory loggerFactory = LoggerFactory.Create(
            logging => Logging.Configure(logging, settings.LogLevel, settings.JsonLogs));
        foreach (string warning in settings.Warnings)
            loggerFactory.CreateLogger("coord-host").LogWarning("{Warning}", warning);

        settings = await Bootstrapping.ResolveAsync(settings, loggerFactory);
        Provision(settings, loggerFactory.CreateLogger("coord-host"));
        await using CoordNode node = new(settings, loggerFactory);
        await using WebApplication application = ClientPort.Build(settings, node);
        await StartAsync(application, settings);
        Banner.Print(settings, isNewcomer: words.Length == 0);
        Task announced = Banner.AnnounceAsync(
            settings, node, loggerFactory.CreateLogger("coord-host"), application.Lifetime.ApplicationStopping);
        await application.WaitForShutdownAsync();
        await announced;
        return application.Services.GetRequiredService<NodeService>().ExitCode;
    }

    /// <summary>Does what a cloud-config wants done before the node starts.</summary>
    private static void Provision(HostSettings settings, ILogger logger)
    {
        foreach (CloudFile file in settings.Cloud.Files)
            file.WriteBelow(settings.DataDirectory);
        foreach (CloudUnit unit in settings.Cloud.Units.Where(unit => !unit.IsBuiltIn))
            logger.LogWarning("The unit {Unit} is recorded; nothing starts it before there is a scheduler", unit.Name);
    }

    private static async Task StartAsync(WebApplication application, HostSettings settings)
    {
        try
        {
            await application.StartAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            string urls = string.Join(", ", settings.ClientListen);
            throw HostException.CannotStart(
                $"Clients cannot be listened for at {urls}: {exception.Message.TrimEnd('.')}. Stop what uses the port, "
                + "or choose another address with --listen-client-urls.");
        }
    }

    private static string? CommandOf(ref string[] words)
    {
        if (words is not [var first, .. var rest] || first.StartsWith('-'))
            return null;

        words = rest;
        return first;
    }

    private static int Print(string text)
    {
        Console.Out.WriteLine(text.TrimEnd());
        return ExitCode.Ok;
    }

    private static int Complain(Exception exception, int exitCode)
    {
        Console.Error.WriteLine($"coord-host: {OneLine.Of(exception)}");
        return exitCode;
    }
}
