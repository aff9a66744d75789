using System.Diagnostics;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Clients;

/// <summary>npm's etcd3 package, unchanged, against real members.</summary>
public sealed class NodeEtcd3Tests(ITestOutputHelper output)
{
    [NodeFact]
    public async Task Its_keys_transactions_watches_leases_locks_and_elections_work()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember member = await cluster.StartAsync();
        ProcessStartInfo start = new("node", [Script(), member.ClientUrl])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NODE_PATH"] = Path.Combine(NodeFactAttribute.Directory, "node_modules") },
        };
        using OsProcess node = OsProcess.Start(start)!;
        Task<string> errors = node.StandardError.ReadToEndAsync();
        Task<string> printed = node.StandardOutput.ReadToEndAsync();
        using CancellationTokenSource patience = new(Eventually.Patience);
        try
        {
            await node.WaitForExitAsync(patience.Token);
        }
        finally
        {
            node.Kill(entireProcessTree: true);
        }

        Assert.Equal("ok\n", await printed + await errors);
        Assert.Equal(0, node.ExitCode);
    }

    private static string Script()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "tests", "clients", "etcd3.js");
            if (File.Exists(script))
                return script;
        }

        throw new FileNotFoundException("tests/clients/etcd3.js is not above the test's directory.");
    }
}
