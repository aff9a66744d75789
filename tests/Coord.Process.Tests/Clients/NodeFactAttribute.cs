using System.Diagnostics;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Clients;

/// <summary>A test that needs npm's etcd3 package; skipped where it cannot be installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    private static readonly Lazy<(string? Directory, string Reason)> Package = new(Install);

    public NodeFactAttribute()
    {
        if (Package.Value.Directory is null)
            Skip = $"Needs npm's etcd3 package: {Package.Value.Reason}";
    }

    /// <summary>Gets the directory in whose node_modules the package is.</summary>
    public static string Directory =>
        Package.Value.Directory ?? throw new InvalidOperationException(Package.Value.Reason);

    private static (string? Directory, string Reason) Install()
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("coord-etcd3-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, recursive: true);
        ProcessStartInfo start = new("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "etcd3@1.1.2"])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using OsProcess npm = OsProcess.Start(start)!;
            Task<string> errors = npm.StandardError.ReadToEndAsync();
            Task<string> output = npm.StandardOutput.ReadToEndAsync();
            if (!npm.WaitForExit(TimeSpan.FromMinutes(3)))
            {
                npm.Kill(entireProcessTree: true);
                return (null, "npm did not end within three minutes.");
            }

            return npm.ExitCode == 0 ? (directory, "") : (null, $"npm failed: {output.Result}{errors.Result}".Trim());
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (null, $"npm cannot be run: {exception.Message}");
        }
    }
}
