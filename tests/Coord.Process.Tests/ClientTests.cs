using System.Diagnostics;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests;

/// <summary>Clients of etcd as others wrote them, unchanged, against a real member.</summary>
/// <remarks>What each does is in <c>tests/clients</c>; the scripts can be held to a real etcd just as well.</remarks>
public sealed class ClientTests(ITestOutputHelper output)
{
    [PythonTheory("etcd3gw")]
    [InlineData("etcd3gw_suite.py")]
    [InlineData("etcd3gw_client.py")]
    public Task The_gateways_client_for_Python_works(string script) => RunAsync(script);

    [PythonTheory("etcd3")]
    [InlineData("etcd3_client.py")]
    public Task The_client_for_Python_over_gRPC_works(string script) => RunAsync(script);

    private async Task RunAsync(string script)
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        Uri address = node.Client.Http.BaseAddress!;
        ProcessStartInfo start = new(PythonTheoryAttribute.Python)
        {
            ArgumentList = { Path.Combine(Folder(), script), address.Host, $"{address.Port}" },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using OsProcess python = OsProcess.Start(start)!;
        Task<string> told = python.StandardOutput.ReadToEndAsync();
        Task<string> errors = python.StandardError.ReadToEndAsync();
        using CancellationTokenSource giveUp = new(TimeSpan.FromMinutes(3));
        try
        {
            await python.WaitForExitAsync(giveUp.Token);
        }
        catch (OperationCanceledException)
        {
            python.Kill();
        }

        output.WriteLine(await told);
        output.WriteLine(await errors);
        Assert.Equal(0, python.ExitCode);
    }

    private static string Folder()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Coord.sln")))
            directory = directory.Parent;
        return Path.Combine(directory!.FullName, "tests", "clients");
    }
}
