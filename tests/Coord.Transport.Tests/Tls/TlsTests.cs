using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Coord.Raft;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests.Tls;

/// <summary>
/// Who has no certificate of the trusted authority, for where it lives and what it does, is not let in.
/// </summary>
public sealed class TlsTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority = new();
    private readonly FakeLogCollector _logs = new();
    private readonly ILoggerFactory _loggers;

    public TlsTests() => _loggers = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(_logs)));

    public void Dispose()
    {
        _loggers.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Members_with_certificates_talk()
    {
        await using TestCluster cluster = await StartAsync(_authority.Options(), _authority.Options());
        await BothTalkAsync(cluster);
        Message large = cluster.Append(0, 1, entries: 50, payload: 20_000);
        Assert.True(cluster.Transports[0].TrySend(large));
        cluster.Transports[0].Flush();
        await Eventually.IsTrueAsync("a large message arrived.", () => cluster.Receivers[1].Count == 2);
        Message read = cluster.Receivers[1].Messages.Last();
        Assert.Equal(50, read.Entries.Length);
    }

    [Theory]
    [InlineData("node1.example", true)] // a common name counts for nothing
    [InlineData("127.0.0.1", true)]
    [InlineData("node", false)]
    public async Task A_certificate_for_another_host_is_refused(string name, bool isCommonName)
    {
        TestAuthority.Leaf leaf = isCommonName
            ? new() { CommonName = name, Names = ["elsewhere.example"] }
            : new() { Names = [name, "10.9.8.7"] };
        await RefusedAsync(_authority.Options(leaf), "is not for 127.0.0.1");
    }

    [Fact]
    public async Task A_certificate_for_an_allowed_name_is_accepted_wherever_the_member_is()
    {
        TlsOptions left = _authority.Options(new() { Names = ["coord.example"] });
        TlsOptions right = _authority.Options(new() { Names = ["coord.example"] });
        left.AllowedNames.Add("coord.example");
        right.AllowedNames.Add("coord.example");
        await using TestCluster cluster = await StartAsync(left, right);
        await BothTalkAsync(cluster);
    }

    [Fact]
    public async Task Members_that_trust_any_certificate_talk_encrypted()
    {
        using TestAuthority other = new(name: "Other authority");
        TlsOptions left = _authority.Options(new() { Names = ["elsewhere.example"] });
        TlsOptions right = other.Options(new() { Names = [], UntilDays = -1, FromDays = -2 });
        foreach (TlsOptions options in (TlsOptions[])[left, right])
        {
            options.TrustsAnyCertificate = true;
            options.TrustedCertificateFiles.Clear();
        }

        await using TestCluster cluster = await StartAsync(left, right);
        await BothTalkAsync(cluster);
    }

    [Fact]
    public Task A_certificate_that_has_expired_is_refused() =>
        RefusedAsync(_authority.Options(new() { FromDays = -10, UntilDays = -1 }), "not valid");

    [Fact]
    public Task A_certificate_that_is_not_valid_yet_is_refused() =>
        RefusedAsync(_authority.Options(new() { FromDays = 1, UntilDays = 2 }), "not valid");

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        using TestAuthority other = new(name: "Other authority");
        await RefusedAsync(other.Options(trusts: _authority), "not valid");
    }

    [Fact]
    public async Task A_certificate_of_another_authority_of_the_same_name_is_refused()
    {
        using TestAuthority other = new();
        await RefusedAsync(other.Options(trusts: _authority), "not valid");
    }

    [Fact]
    public Task A_certificate_for_servers_alone_is_no_client() =>
        RefusedAsync(_authority.Options(new() { Usages = ["server"] }), "not valid", canBeDialled: true);

    [Fact]
    public Task A_certificate_for_clients_alone_is_no_server() =>
        RefusedAsync(_authority.Options(new() { Usages = ["client"] }), "not valid", canDial: true);

    [Fact]
    public async Task A_revoked_certificate_is_refused()
    {
        TlsOptions good = _authority.Options(), bad = _authority.Options();
        _authority.Revoke(bad);
        good.RevocationListFiles.Add(_authority.RevocationFile);
        await RefusedAsync(bad, "has been revoked", good);
    }

    [Fact]
    public async Task A_peer_without_a_certificate_is_refused()
    {
        await using TestCluster cluster = await StartAsync(_authority.Options());
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)cluster.Transports[0].LocalEndPoint!).Port);
        await using SslStream stream = new(
            new NetworkStream(socket), false, (_, certificate, _, _) => certificate is not null);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await stream.AuthenticateAsClientAsync("127.0.0.1");
            int read = await stream.ReadAsync(new byte[1]); // TLS 1.3 tells a client after its handshake.
            throw new EndOfStreamException($"{read}");
        });
        await Eventually.IsTrueAsync("it is logged.", () => HasLogged("no certificate"));
    }

    [Fact]
    public async Task Old_versions_of_tls_are_not_spoken()
    {
        await using TestCluster cluster = await StartAsync(_authority.Options());
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)cluster.Transports[0].LocalEndPoint!).Port);
        await using SslStream stream = new(
            new NetworkStream(socket), false, (_, certificate, _, _) => certificate is not null);
#pragma warning disable SYSLIB0039, CA5397, CA5398 // The point is that these are refused.
        await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                EnabledSslProtocols = SslProtocols.Tls | SslProtocols.Tls11,
            }));
#pragma warning restore SYSLIB0039, CA5397, CA5398
    }

    [Fact]
    public async Task A_member_without_tls_and_one_with_do_not_talk()
    {
        await using TestCluster cluster = await StartAsync(_authority.Options(), null);
        await Eventually.IsTrueAsync("both tried in vain.", () => cluster.Receivers.All(r => r.Unreachable.Count >= 2));
        Assert.All(cluster.Receivers, r => Assert.Empty(r.Hellos));
    }

    [Fact]
    public async Task A_connection_ends_when_its_certificate_expires()
    {
        TlsOptions left = _authority.Options(), right = _authority.Options(new() { UntilDays = 0.5 });
        await using TestCluster cluster = await StartAsync(left, right);
        await BothTalkAsync(cluster);
        _clock.Advance(TimeSpan.FromHours(12.5));
        await Eventually.IsTrueAsync("the connection is ended.", () => HasLogged("certificate has expired"));
        await Eventually.IsTrueAsync("no new one is made.", () => !cluster.IsConnected(0, 1));
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart()
    {
        TlsOptions left = _authority.Options(), right = _authority.Options(new() { UntilDays = 0.5 });
        await using TestCluster cluster = await StartAsync(left, right);
        await BothTalkAsync(cluster);
        _authority.WriteLeaf(right, new() { UntilDays = 60 });
        _clock.Advance(TimeSpan.FromHours(12.5)); // Reads the files again, and ends what has expired.
        await _clock.TickUntilAsync(
            "they talk again.", TimeSpan.FromMilliseconds(20),
            () => cluster.IsConnected(0, 1) && cluster.IsConnected(1, 0) && TalkAgain(cluster));
    }

    [Fact]
    public async Task A_certificate_that_is_revoked_later_ends_the_connection()
    {
        TlsOptions left = _authority.Options(), right = _authority.Options();
        _authority.WriteRevocations();
        left.RevocationListFiles.Add(_authority.RevocationFile);
        await using TestCluster cluster = await StartAsync(left, right);
        await BothTalkAsync(cluster);
        _authority.Revoke(right);
        await _clock.TickUntilAsync(
            "the connections are ended.", TimeSpan.FromSeconds(5),
            () => !cluster.IsConnected(0, 1) && !cluster.IsConnected(1, 0));
    }

    [Fact]
    public async Task Files_that_become_unreadable_leave_the_former_certificates_in_use()
    {
        TlsOptions left = _authority.Options(), right = _authority.Options();
        await using TestCluster cluster = await StartAsync(left, right);
        await File.WriteAllTextAsync(right.CertificateFile, "half a certifi");
        _clock.Advance(TimeSpan.FromSeconds(31));
        await Eventually.IsTrueAsync("it is logged.", () => HasLogged("stay in use"));
        await BothTalkAsync(cluster);
    }

    [Fact]
    public async Task A_revocation_list_that_nobody_trusted_signed_is_refused()
    {
        using TestAuthority other = new(name: "Other authority");
        other.WriteRevocations();
        TlsOptions options = _authority.Options();
        options.RevocationListFiles.Add(other.RevocationFile);
        TcpTransportOptions transportOptions = TestCluster.PatientOptions();
        transportOptions.Tls = options;
        await using TcpTransport transport = new(transportOptions);
        TransportException e = await Assert.ThrowsAsync<TransportException>(
            async () => await transport.StartAsync(new TestReceiver(1), CancellationToken.None));
        Assert.Contains("revocation list", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_named_at_the_start()
    {
        TlsOptions options = _authority.Options();
        File.Delete(options.KeyFile!);
        TcpTransportOptions transportOptions = TestCluster.PatientOptions();
        transportOptions.Tls = options;
        await using TcpTransport transport = new(transportOptions);
        TransportException e = await Assert.ThrowsAsync<TransportException>(
            async () => await transport.StartAsync(new TestReceiver(1), CancellationToken.None));
        Assert.Contains(options.KeyFile!, e.Message, StringComparison.Ordinal);
    }

    private async Task<TestCluster> StartAsync(params TlsOptions?[] tls)
    {
        TestCluster cluster = new();
        for (int i = 0; i < tls.Length; i++)
        {
            TcpTransportOptions options = TestCluster.PatientOptions();
            options.PingInterval = TimeSpan.FromHours(6); // The clock of these tests makes leaps.
            options.IdleTimeout = TimeSpan.FromDays(9);
            options.FrameTimeout = TimeSpan.FromHours(8);
            options.ConnectTimeout = options.HandshakeTimeout = TimeSpan.FromHours(8);
            options.Tls = tls[i];
            // Members without TLS wait by the real clock, or nobody would make them try again.
            await cluster.AddAsync(
                new TestReceiver((ulong)i + 1), options, tls.Contains(null) ? TimeProvider.System : _clock, _loggers);
        }

        cluster.Introduce();
        return cluster;
    }

    private async Task BothTalkAsync(TestCluster cluster)
    {
        await _clock.TickUntilAsync(
            "both are connected.", TimeSpan.FromMilliseconds(5),
            () => cluster.IsConnected(0, 1) && cluster.IsConnected(1, 0));
        Assert.True(TalkAgain(cluster));
        await Eventually.IsTrueAsync("the messages arrived.", () => cluster.Receivers.All(r => r.Count == 1));
    }

    private static bool TalkAgain(TestCluster cluster)
    {
        bool isSent = cluster.Transports[0].TrySend(cluster.Message(0, 1))
            && cluster.Transports[1].TrySend(cluster.Message(1, 0));
        cluster.Transports[0].Flush();
        cluster.Transports[1].Flush();
        return isSent;
    }

    private async Task RefusedAsync(
        TlsOptions bad, string reason, TlsOptions? good = null, bool canDial = false, bool canBeDialled = false)
    {
        await using TestCluster cluster = await StartAsync(good ?? _authority.Options(), bad);
        await _clock.TickUntilAsync(
            "they tried in vain.", TimeSpan.FromMilliseconds(5),
            () => (canBeDialled || cluster.Receivers[0].Unreachable.Count >= 2)
                && (canDial || cluster.Receivers[1].Unreachable.Count >= 2));
        await Eventually.IsTrueAsync($"the log says '{reason}'.", () => HasLogged(reason));
        Assert.True(canBeDialled || !cluster.IsConnected(0, 1));
        Assert.True(canDial || !cluster.IsConnected(1, 0));
        if (!canDial && !canBeDialled)
            Assert.Empty(cluster.Receivers[0].Hellos);
    }

    private bool HasLogged(string text) =>
        _logs.GetSnapshot().Any(r => r.Message.Contains(text, StringComparison.Ordinal));
}
