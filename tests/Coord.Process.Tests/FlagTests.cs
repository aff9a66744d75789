using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>What a person or a script sees who starts the host: etcd's flags, and errors that say what to do.</summary>
public sealed class FlagTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("--electoin-timeout=1000", "There is no flag --electoin-timeout. Did you mean --election-timeout?")]
    [InlineData("--frobnicate", "There is no flag --frobnicate. See coord-host --help.")]
    [InlineData("--election-timeout=soon", "--election-timeout is 'soon'; it takes a whole number")]
    [InlineData("--election-timeout=200", "it must be at least five times the heartbeat interval of 100 ms")]
    [InlineData("--listen-client-urls=127.0.0.1:2379", "--listen-client-urls has '127.0.0.1:2379', which is no URL")]
    [InlineData("--listen-client-urls=ftp://127.0.0.1:2379", "whose scheme is neither http nor https")]
    [InlineData("--listen-client-urls=http://127.0.0.1", "which has no port")]
    [InlineData("--listen-peer-urls=http://example.org:2380", "give an IP address")]
    [InlineData("--listen-client-urls=https://127.0.0.1:2379", "--cert-file and --key-file are needed")]
    [InlineData("--initial-cluster=n1=http://127.0.0.1:2380", "--initial-cluster has no member 'default'")]
    [InlineData("--initial-cluster=http://127.0.0.1:2380", "--initial-cluster has 'http://127.0.0.1:2380'")]
    [InlineData("--initial-cluster-state=maybe", "--initial-cluster-state is 'maybe'; it takes new or existing.")]
    [InlineData("--pre-vote=perhaps", "--pre-vote is 'perhaps'; it takes true or false.")]
    [InlineData(
        "--listen-peer-urls=https://127.0.0.1:2380", "--peer-cert-file and --peer-key-file are needed")]
    [InlineData("--auto-compaction-retention=often", "is 'often'; it takes a number of hours")]
    [InlineData("--auto-compaction-mode=never", "--auto-compaction-mode is 'never'; it takes periodic or revision.")]
    [InlineData("--max-txn-ops=0", "--max-txn-ops is '0'; it takes a whole number from 1")]
    [InlineData("--cipher-suites=TLS_AES_128_GCM_SHA256,FOO", "--cipher-suites has 'FOO', an unexpected TLS cipher")]
    [InlineData("--cipher-suites=4865", "--cipher-suites has '4865', an unexpected TLS cipher suite")]
    [InlineData("--cors=nowhere", "--cors has 'nowhere'; an origin is written as https://example.com")]
    [InlineData("--listen-metrics-urls=http://example.org:1", "give an IP address")]
    [InlineData("--listen-metrics-urls=https://127.0.0.1:1", "--listen-metrics-urls has an https URL")]
    [InlineData("--max-concurrent-streams=many", "--max-concurrent-streams is 'many'; it takes a whole number")]
    [InlineData("--experimental-watch-progress-notify-interval=5", "is '5'; it takes a time such as 30s or 10m.")]
    [InlineData("--data-dir", "--data-dir needs a value")]
    [InlineData("stray", "There is no command 'stray'")]
    public async Task A_wrong_flag_is_named_in_one_line_and_ends_with_code_2(string flag, string expected)
    {
        using HostProcess host = await RunAsync([flag]);
        AssertRefused(host, 2, expected);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("-version")]
    public async Task The_version_is_printed(string flag)
    {
        using HostProcess host = await RunAsync([flag]);
        Assert.Equal(0, host.ExitCode);
        Assert.StartsWith("coord-host ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_names_the_flags()
    {
        using HostProcess host = await RunAsync(["--help"]);
        Assert.Equal(0, host.ExitCode);
        Assert.Contains("--initial-cluster-token", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_environment_variable_sets_what_no_flag_sets()
    {
        using HostProcess host = await HostProcess.RunAsync(
            ["--name", "n7"], _directory.Path,
            ("ETCD_NAME", "n8"), ("ETCD_ELECTION_TIMEOUT", "7"), ("COORD_HEARTBEAT_INTERVAL", "3"));
        output.WriteLine(host.Transcript());
        AssertRefused(
            host, 2, "ETCD_ELECTION_TIMEOUT is 7 ms; it must be at least five times the heartbeat interval of 3 ms.");
    }

    [Fact]
    public async Task A_configuration_file_alone_counts()
    {
        int clientPort = FreePorts.Next(), peerPort = FreePorts.Next();
        string file = _directory.File("coord.yml");
        await File.WriteAllTextAsync(file, $"""
            # As etcd's sample has it.
            name: 'from-file'
            data-dir: {_directory.File("data")}
            listen-client-urls: http://127.0.0.1:{clientPort}
            listen-peer-urls: http://127.0.0.1:{peerPort}
            heartbeat-interval: 20
            election-timeout: 200
            initial-cluster:
            strict-reconfig-check: true
            client-transport-security:
              client-cert-auth: false
            log-outputs: [stderr]
            """);
        using HostProcess host = HostProcess.Start(
            ["--config-file", file, "--name", "from-flag"], _directory.Path);
        using KvClient client = new(new Uri($"http://127.0.0.1:{clientPort}"));
        MemberStatus status = await Eventually.GetAsync("the node leads.", async () =>
        {
            Assert.False(host.HasExited, host.Transcript());
            return await client.TryGetStatusAsync() is { Role: "leader" } leader ? leader : null;
        });
        Assert.Equal("from-file", status.Name);
        await client.MustPutAsync("a", "1");
        host.Signal("TERM");
        Assert.Equal(0, await host.ExitAsync());
        Assert.Contains("--name is ignored", host.Errors, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_directory.File("data")));
    }

    [Fault("P15", "a corrupted configuration file", "refused in one line that names the key")]
    [Theory]
    [InlineData("nmae: n1", "nmae is not known. Did you mean name?")]
    [InlineData("client-transport-security:\n  cert-fil: x", "cert-fil is not known. Did you mean cert-file?")]
    [InlineData("name: [", "is not YAML")]
    [InlineData("- a", "does not consist of lines such as")]
    [InlineData("heartbeat-interval: often", "heartbeat-interval is 'often'")]
    public async Task A_wrong_configuration_file_is_refused(string text, string expected)
    {
        string file = _directory.File("coord.yml");
        await File.WriteAllTextAsync(file, text);
        using HostProcess host = await RunAsync(["--config-file", file]);
        AssertRefused(host, 2, expected);
    }

    [Fact]
    public async Task A_missing_configuration_file_is_refused()
    {
        using HostProcess host = await RunAsync(["--config-file", _directory.File("absent.yml")]);
        AssertRefused(host, 2, "The configuration file cannot be read");
    }

    [Fact]
    public async Task Logs_are_json_when_asked_for()
    {
        using HostProcess host = await RunAsync(
            ["--log-format=json", "--max-wals=3", "--listen-client-urls", "http://192.0.2.1:1",
            "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}"]);
        Assert.Equal(1, host.ExitCode);
        Assert.Contains("{\"Timestamp\":", host.Errors, StringComparison.Ordinal);
        Assert.Contains("--max-wals is etcd\\u0027s and has no effect", host.Errors, StringComparison.Ordinal);
    }

    /// <summary>Scripts pass them; a flag that is not known would end them.</summary>
    [Fact]
    public async Task Flags_of_etcd_that_mean_nothing_here_are_taken_with_a_warning_each()
    {
        string[] switches =
            ["--enable-v2", "--unsafe-no-fsync", "--experimental-initial-corrupt-check", "--enable-pprof"];
        string[] values =
            ["--auth-token=simple", "--bcrypt-cost=4", "--logger=zap", "--log-output=stderr"];
        using HostProcess host = await RunAsync(
            [.. switches, .. values, "--listen-client-urls", "http://192.0.2.1:1",
            "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}"]);
        AssertRefused(host, 1, "Clients cannot be listened for");
        foreach (string flag in (string[])[.. switches, .. values])
        {
            string name = flag.Split('=')[0];
            Assert.Single(
                host.Errors.Split('\n'), line => line.Contains($"{name} is etcd's", StringComparison.Ordinal));
        }
    }

    /// <summary>etcd's own test suite, and the scripts of others, wait for these lines before they connect.</summary>
    [Fact]
    public async Task What_etcd_logs_when_it_serves_is_logged()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await Eventually.IsTrueAsync("it is logged.", () =>
            node.Process!.Errors.Contains("enabled capabilities for version 3.4", StringComparison.Ordinal)
            && node.Process.Errors.Contains("published {Name:n1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_demonstration_runs_to_its_end_and_leaves_nothing_behind()
    {
        string[] before = Directory.GetDirectories(Path.GetTempPath(), "coord-demo-*");
        using HostProcess host = await RunAsync(["demo"]);
        Assert.Equal(0, host.ExitCode);
        Assert.Contains("Acknowledged writes lost", host.Output, StringComparison.Ordinal);
        Assert.Contains("All three members hold the same", host.Output, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "coord-demo-*"));
    }

    public void Dispose() => _directory.Dispose();

    internal static void AssertRefused(HostProcess host, int exitCode, string expected)
    {
        Assert.Contains(expected, host.Errors, StringComparison.Ordinal);
        Assert.Equal(exitCode, host.ExitCode);
        Assert.DoesNotContain("   at ", host.Errors, StringComparison.Ordinal);
        Assert.Single(
            host.Errors.Split('\n'), line => line.StartsWith("coord-host: ", StringComparison.Ordinal));
    }

    private async Task<HostProcess> RunAsync(string[] flags)
    {
        HostProcess host = await HostProcess.RunAsync(flags, _directory.Path);
        output.WriteLine(host.Transcript());
        return host;
    }
}
