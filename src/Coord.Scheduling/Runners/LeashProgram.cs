using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Coord.Scheduling.Runners;

/// <summary>How to start the leash: this assembly is a program too, run by the .NET host that runs the app.</summary>
internal static class LeashProgram
{
    private const string RuntimeConfiguration =
        """
        {"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"},"configProperties":{
        "System.Globalization.Invariant":true,"System.GC.Concurrent":false,"System.GC.HeapHardLimit":67108864}}}
        """;

    /// <summary>Returns how to start a leash for a directory.</summary>
    /// <exception cref="UnitStartException">It cannot be started here.</exception>
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "An empty location is what is looked for.")]
    public static ProcessStartInfo StartInfo(string directory)
    {
        string assembly = typeof(LeashProgram).Assembly.Location;
        if (assembly.Length == 0 || FindHost() is not { } host)
        {
            throw new UnitStartException(
                "Child processes need a supervisor, which the .NET host starts from Coord.Scheduling.dll. A single-file"
                + " or self-contained app has neither; publish it framework-dependent to run processes.");
        }

        Directory.CreateDirectory(directory);
        string configuration = Path.Combine(directory, "leash.runtimeconfig.json");
        File.WriteAllText(configuration, RuntimeConfiguration);
        var start = new ProcessStartInfo(host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])["exec", "--runtimeconfig", configuration, assembly, directory])
            start.ArgumentList.Add(argument);

        // It does little, and is to start fast and stay small.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        return start;
    }

    private static string? FindHost()
    {
        // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>/.
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        string besideRuntime = Path.GetFullPath(Path.Combine(runtime, "../../..", name));
        if (File.Exists(besideRuntime))
            return besideRuntime;
        return Environment.ProcessPath is { } own && Path.GetFileName(own) == name ? own : null;
    }
}
