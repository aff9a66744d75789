using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Certificates on both ports, with an authority that lives as long as the test.</summary>
public sealed class TlsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_cluster_with_certificates_serves_those_who_have_one()
    {
        using TestCertificates certificates = new();
        using TestCluster cluster = new(output, certificates: certificates);
        ClusterMember leader = await cluster.StartAsync();
        await leader.Client.MustPutAsync("secret", "kept");
        await cluster.ConvergedAsync();
        Assert.All(
            await Task.WhenAll(cluster.Members.Select(member => member.Client.GetAsync("secret"))),
            pair => Assert.Equal("kept", pair!.Value));

        foreach (HttpMessageHandler stranger in
            (HttpMessageHandler[])[certificates.AnonymousHandler(), certificates.RevokedHandler()])
        {
            using KvClient client = new(new Uri(leader.ClientUrl), stranger);
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("secret"));
        }
    }

    [Fact]
    public async Task A_member_without_a_certificate_is_turned_away()
    {
        using TestCertificates certificates = new();
        using TestCertificates others = new();
        using TestCluster cluster = new(output, certificates: certificates);
        ClusterMember leader = await cluster.StartAsync();
        ClusterMember stranger = cluster.Members.First(member => member != leader);
        stranger.Process!.Kill();
        await leader.Client.MustPutAsync("missed", "yes");

        // The same member, with the certificate of an authority that the others do not know.
        string[] flags =
        [
            .. cluster.FlagsOf(stranger),
            "--peer-cert-file", others.CertFile, "--peer-key-file", others.KeyFile,
            "--peer-trusted-ca-file", certificates.CaFile,
        ];
        stranger.Run(HostProcess.Start(flags, cluster.Directory));
        await cluster.AnswersAsync(stranger);
        await Eventually.IsTrueAsync(
            "somebody says that the certificate is not trusted.",
            () => cluster.Members.Any(member =>
                member.Transcript().Contains("The certificate of CN=node is not valid", StringComparison.Ordinal)));
        await leader.Client.MustPutAsync("served", "yes");
        Assert.Null(await stranger.Client.GetAsync("missed", serializable: true));
    }

    [Fact]
    public async Task Https_with_a_certificate_of_its_own_making_works()
    {
        using TestDirectory directory = new();
        int port = FreePorts.Next();
        using HostProcess host = HostProcess.Start(
            ["--auto-tls", "--listen-client-urls", $"https://127.0.0.1:{port}",
            "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}"],
            directory.Path);
#pragma warning disable MA0039 // nobody else vouches for a certificate that the host made for itself
        using HttpClientHandler trusting = new()
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
                certificate!.Subject == "O=coord-host" && certificate.MatchesHostname("127.0.0.1"),
        };
#pragma warning restore MA0039
        using KvClient client = new(new Uri($"https://127.0.0.1:{port}"), trusting);
        await Eventually.IsTrueAsync("the node takes a write.", async () =>
        {
            Assert.False(host.HasExited, host.Transcript());
            return (await client.PutAsync("a", "1")).Outcome is WriteOutcome.Acknowledged;
        });
        string key = Path.Combine(directory.Path, "coord-data", "fixtures", "client", "key.pem");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
    }

    [Fact]
    public async Task Members_with_certificates_of_their_own_making_talk_and_warn()
    {
        using TestCluster cluster = new(output, flags: ["--peer-auto-tls"], peerScheme: "https");
        ClusterMember leader = await cluster.StartAsync();
        await leader.Client.MustPutAsync("encrypted", "yes");
        await cluster.ConvergedAsync();
        Assert.All(cluster.Members, member => Assert.Contains(
            "any member trusts any certificate", member.Process!.Errors, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_named()
    {
        using TestCertificates certificates = new();
        using TestDirectory directory = new();
        string file = directory.File("not.pem");
        await File.WriteAllTextAsync(file, "not a certificate");
        using HostProcess host = await HostProcess.RunAsync(
            ["--listen-client-urls", $"https://127.0.0.1:{FreePorts.Next()}", "--cert-file", file,
            "--key-file", certificates.KeyFile, "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}"],
            directory.Path);
        output.WriteLine(host.Transcript());
        FlagTests.AssertRefused(host, 1, "--cert-file");
    }
}
