using System.CommandLine;
using System.Reflection;
using Coord.Cli.Output;

namespace Coord.Cli.Commands;

/// <summary>version: of this program, and of the API that it speaks.</summary>
public static class VersionCommand
{
    public static Command Create(VerbFactory verbs) => verbs.Create("version", "Prints the version", (context, _) =>
    {
        string version = typeof(VersionCommand).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";
        Report report = new Report().Line($"coordctl version: {version}").Line("API version: 3.4");
        report.Json = json =>
        {
            json.WriteString("coordctl", version);
            json.WriteString("api", "3.4");
        };
        context.Printer.Print(report);
        return Task.FromResult(ExitCode.Done);
    });
}
