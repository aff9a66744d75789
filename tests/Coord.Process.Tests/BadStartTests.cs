using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Starts that must fail, each with one line that says what to do, and without touching anything.</summary>
public sealed class BadStartTests(ITestOutputHelper output)
{
    [Fault("D34", "two processes on one directory", "the second is refused, the first serves on")]
    [Fact]
    public async Task A_second_process_on_the_same_directory_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        string[] flags =
        [
            .. cluster.FlagsOf(node),
            "--listen-client-urls", $"http://127.0.0.1:{FreePorts.Next()}",
        ];
        using HostProcess second = await RunAsync(flags, cluster.Directory);
        FlagTests.AssertRefused(second, 1, node.DataDirectory);
        await node.Client.MustPutAsync("still", "here");
    }

    [Fault("D18", "the directory of another cluster", "refused in one line; untouched")]
    [Fact]
    public async Task The_directory_of_another_cluster_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        long revision = await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Signal("TERM");
        await node.Process.ExitAsync();

        string[] flags = [.. cluster.FlagsOf(node), "--initial-cluster-token", "another"];
        using HostProcess foreign = await RunAsync(flags, cluster.Directory);
        FlagTests.AssertRefused(foreign, 1, node.DataDirectory);

        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        Assert.Equal(revision, (await node.Client.GetAsync("kept"))!.ModRevision);
    }

    [Fact]
    public async Task A_directory_that_is_a_file_is_refused()
    {
        using TestDirectory directory = new();
        await File.WriteAllTextAsync(directory.File("data"), "a file");
        using HostProcess host = await RunAsync(Flags(directory), directory.Path);
        FlagTests.AssertRefused(host, 1, directory.File("data"));
        Assert.Equal("a file", await File.ReadAllTextAsync(directory.File("data")));
    }

    [Fault("D16", "the file with the identity is gone", "refused in one line")]
    [Fact]
    public async Task A_directory_whose_identity_is_lost_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Kill();
        File.Delete(Path.Combine(node.DataDirectory, "identity"));
        using HostProcess host = await RunAsync(cluster.FlagsOf(node), cluster.Directory);
        FlagTests.AssertRefused(host, 1, node.DataDirectory);
    }

    [Fault("D33", "a directory where nobody can write", "refused in one line")]
    [Fact]
    public async Task A_directory_that_cannot_be_written_is_refused()
    {
        // Not even root can create directories here.
        using TestDirectory directory = new();
        string[] flags = [.. Flags(directory), "--data-dir", "/proc/coord"];
        using HostProcess host = await RunAsync(flags, directory.Path);
        FlagTests.AssertRefused(host, 1, "/proc/coord");
    }

    [Fact]
    public async Task A_client_port_in_use_is_named()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        using TestDirectory directory = new();
        string[] flags = [.. Flags(directory), "--listen-client-urls", node.ClientUrl];
        using HostProcess host = await RunAsync(flags, directory.Path);
        FlagTests.AssertRefused(host, 1, $"127.0.0.1:{node.ClientPort}");
        Assert.Contains("--listen-client-urls", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_port_in_use_is_named()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        using TestDirectory directory = new();
        string[] flags = [.. Flags(directory), "--listen-peer-urls", node.PeerUrl];
        using HostProcess host = await RunAsync(flags, directory.Path);
        FlagTests.AssertRefused(host, 1, $"127.0.0.1:{node.PeerPort}");
    }

    [Fact]
    public async Task Without_any_flag_a_single_node_says_what_to_try()
    {
        // Its ports are fixed: without flags there is nowhere to say others. So the environment does.
        using TestDirectory directory = new();
        int port = FreePorts.Next();
        using HostProcess host = HostProcess.Start(
            [], directory.Path,
            ("ETCD_LISTEN_CLIENT_URLS", $"http://127.0.0.1:{port}"),
            ("ETCD_LISTEN_PEER_URLS", $"http://127.0.0.1:{FreePorts.Next()}"));
        await Eventually.IsTrueAsync("the banner is printed.", () =>
        {
            Assert.False(host.HasExited, host.Transcript());
            return host.Output.Contains("Ctrl+C", StringComparison.Ordinal);
        });
        Assert.Contains(
            $"curl -X PUT -d 'hello' http://127.0.0.1:{port}/v1/kv/greeting", host.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(directory.File("coord-data")));
        using KvClient client = new(new Uri($"http://127.0.0.1:{port}"));
        await Eventually.IsTrueAsync("the node takes a write.", async () =>
            (await client.PutAsync("greeting", "hello")).Outcome is WriteOutcome.Acknowledged);
        host.Signal("INT");
        Assert.Equal(0, await host.ExitAsync());
    }

    private static string[] Flags(TestDirectory directory) =>
    [
        "--data-dir", directory.File("data"),
        "--listen-client-urls", $"http://127.0.0.1:{FreePorts.Next()}",
        "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}",
    ];

    private async Task<HostProcess> RunAsync(string[] flags, string workingDirectory)
    {
        HostProcess host = await HostProcess.RunAsync(flags, workingDirectory);
        output.WriteLine(host.Transcript());
        return host;
    }
}
