using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Discovery;

/// <summary>A host takes the file that a CoreOS machine was given, and says by line and column what is wrong.</summary>
public sealed class CloudConfigTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>The example of the article, with the lines that its page lost.</summary>
    private const string Example = """
        #cloud-config
        coreos:
          etcd:
            # generate a new token for each unique cluster
            discovery: <url>
            addr: $private_ipv4:4001
            peer-addr: $private_ipv4:7001
          fleet:
            public-ip: $private_ipv4   # used by fleetctl
          units:
            - name: etcd.service
              command: start
            - name: fleet.service
              command: start
        """;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Three_machines_with_the_articles_example_form_a_cluster()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        string file = Write(Example.Replace("<url>", await cluster.NewTokenAsync(3), StringComparison.Ordinal));

        // The file is the same on each; the ports are free on addresses of loopback that nobody else uses.
        string[] addresses = [.. Enumerable.Range(1, 3).Select(i => $"127.25.{Environment.ProcessId % 250}.{i}")];
        HostProcess[] hosts = [.. addresses.Select(address => HostProcess.Start(
            ["--cloud-config", file, "--data-dir", _directory.File(address)], _directory.Path,
            ("COREOS_PRIVATE_IPV4", address)))];
        try
        {
            using KvClient first = new(new Uri($"http://{addresses[0]}:4001"));
            using KvClient last = new(new Uri($"http://{addresses[2]}:4001"));
            await Eventually.IsTrueAsync("the cluster takes a write.", async () =>
            {
                Assert.All(hosts, host => Assert.False(host.HasExited, host.Transcript()));
                return (await first.PutAsync("formed", "yes")).Outcome is WriteOutcome.Acknowledged
                    && (await last.GetAsync("formed"))?.Value == "yes";
            });
            Assert.All(hosts, host => Assert.DoesNotContain("warn: coord-host", host.Errors, StringComparison.Ordinal));
        }
        finally
        {
            foreach (HostProcess host in hosts)
            {
                output.WriteLine(host.Transcript());
                host.Dispose();
            }
        }
    }

    [Fact]
    public async Task All_sections_are_read_files_stay_inside_and_what_is_unknown_is_named_by_its_line()
    {
        int client = FreePorts.Next(), peer = FreePorts.Next();
        string file = Write($$"""
            #cloud-config  
            hostname: one
            users: []
            coreos:
              etcd2:
                listen_client_urls: http://127.0.0.1:{{client}}
                listen-peer-urls: http://127.0.0.1:{{peer}}
                initial_advertise_peer_urls: [ "http://127.0.0.1:{{peer}}" ]
                proxy: "on"
              locksmith: { window-start: "03:00", window_length: 1h }
              units:
                - name: hello.service
                  content: "[Service]"
                  drop-ins: [ { name: a.conf, content: x } ]
            write_files:
              - path: /etc/motd
                permissions: "0640"
                content: \$private_ipv4 it is
              - path: etc/b
                encoding: b64
                content: aGVsbG8=
            """);
        string data = _directory.File("data");
        using HostProcess host = HostProcess.Start(["--cloud-config", file, "--data-dir", data], _directory.Path);
        await Eventually.IsTrueAsync("it is up.", () =>
        {
            Assert.False(host.HasExited, host.Transcript());
            return host.Output.Contains("node 'one' is up", StringComparison.Ordinal);
        });
        output.WriteLine(host.Transcript());
        Assert.Contains($"{file}:3: 'users' is not known", host.Errors, StringComparison.Ordinal);
        Assert.Contains($"{file}:9: 'proxy' is not known", host.Errors, StringComparison.Ordinal);
        Assert.Contains("unit hello.service is recorded", host.Errors, StringComparison.Ordinal);
        Assert.Equal("$private_ipv4 it is", await File.ReadAllTextAsync(Path.Combine(data, "files/etc/motd")));
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(data, "files/etc/b")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
                File.GetUnixFileMode(Path.Combine(data, "files/etc/motd")));
        }
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_line_and_column_before_anything_starts()
    {
        string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 20).Select(i =>
            $"a{i}: &a{i} [*a{i - 1},*a{i - 1},*a{i - 1},*a{i - 1},*a{i - 1},*a{i - 1},*a{i - 1},*a{i - 1}]\n"));
        (string Text, string Error)[] cases =
        [
            ("hostname: x\n", ":1:1 must be '#cloud-config'"),
            ("#cloud-config\nhostname: [\n", ":3:1 is not YAML"),
            ("#cloud-config\n" + bomb, "stands for more than 20000 values"),
            ("#cloud-config\na: &a [ *a ]\n", ":2:9 refers to 'a', which is not there or not complete yet"),
            ("#cloud-config\nhostname: x\nhostname: y\n", ":3:1 has the key 'hostname' a second time"),
            ("#cloud-config\ncoreos: 3\n", ":2:9 does not consist of 'key: value'"),
            ("#cloud-config\ncoreos:\n  etcd:\n    addr: nowhere\n", ":4:11 is 'nowhere'; addr takes host:port"),
            ("#cloud-config\nwrite_files:\n  - path: ../x\n", ":3:11 has the path '../x'"),
            ("#cloud-config\nwrite_files:\n  - path: a/../../x\n", ":3:11 has the path 'a/../../x'"),
            ("#cloud-config\n" + new string('[', 100_000), "is nested more than 32 levels deep"),
            ("#cloud-config\n#" + new string('x', 1 << 20), "more than 1 MiB"),
        ];
        foreach ((string text, string error) in cases)
        {
            string data = _directory.File("never");
            using HostProcess host = await HostProcess.RunAsync(
                ["--cloud-config", Write(text), "--data-dir", data], _directory.Path);
            output.WriteLine(host.Transcript());
            FlagTests.AssertRefused(host, 2, error);
            Assert.False(Directory.Exists(data));
        }
    }

    private string Write(string text)
    {
        string file = _directory.File("cloud.yaml");
        File.WriteAllText(file, text);
        return file;
    }
}
