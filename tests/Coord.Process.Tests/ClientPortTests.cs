using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Flags of etcd that change what clients meet at the ports.</summary>
public sealed class ClientPortTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Metrics_and_health_are_served_at_ports_of_their_own_and_nothing_else_there()
    {
        string metrics = $"http://127.0.0.1:{FreePorts.Next()}";
        using TestCluster cluster = new(output, size: 1, flags: ["--listen-metrics-urls", metrics]);
        await cluster.StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(metrics) };
        Assert.Contains(
            "etcd_server_has_leader 1", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal("""{"health":"true"}""", await http.GetStringAsync("/health"));
        foreach (string path in (string[])["/version", "/v3/kv/range", "/v1/status", "/"])
        {
            using HttpResponseMessage other = await http.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        }

        using HttpRequestMessage preflight = new(HttpMethod.Options, "/health");
        using HttpResponseMessage refused = await http.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
    }

    [Theory]
    [InlineData("*", "http://any.example", "*")]
    [InlineData("http://a.example,http://b.example", "http://b.example", "http://b.example")]
    [InlineData("http://a.example", "http://b.example", null)]
    public async Task Pages_of_the_origins_that_were_named_may_read_answers(
        string flag, string origin, string? expected)
    {
        using TestCluster cluster = new(output, size: 1, flags: ["--cors", flag]);
        ClusterMember node = await cluster.StartAsync();
        (HttpMethod Method, string Path, HttpStatusCode Status)[] requests =
        [
            (HttpMethod.Options, "v3/kv/range", HttpStatusCode.OK),
            (HttpMethod.Options, "nowhere", HttpStatusCode.OK),
            (HttpMethod.Post, "v3/kv/range", HttpStatusCode.BadRequest),
            (HttpMethod.Get, "health", HttpStatusCode.OK),
        ];
        foreach ((HttpMethod method, string path, HttpStatusCode status) in requests)
        {
            using HttpRequestMessage request = new(method, path);
            request.Headers.Add("Origin", origin);
            using HttpResponseMessage answer = await node.Client.Http.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(expected, HeaderOf(answer, "Access-Control-Allow-Origin"));
            Assert.Equal(
                expected is null ? null : "POST, GET, OPTIONS, PUT, DELETE",
                HeaderOf(answer, "Access-Control-Allow-Methods"));
            Assert.Equal(
                expected is null ? null : "accept, content-type, authorization",
                HeaderOf(answer, "Access-Control-Allow-Headers"));
        }
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("4294967295", int.MaxValue)]
    [InlineData("0", 100_000)]
    public async Task A_connection_may_have_as_many_calls_as_the_flag_says(string flag, int expected)
    {
        using TestCluster cluster = new(output, size: 1, flags: ["--max-concurrent-streams", flag]);
        ClusterMember node = await cluster.StartAsync();
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, node.ClientPort);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"));
        Assert.Equal(expected, await ReadMaxStreamsAsync(stream));
    }

    [Fact]
    public async Task Quiet_watches_report_progress_as_often_as_the_flag_says()
    {
        using TestCluster cluster = new(
            output, size: 1, flags: ["--experimental-watch-progress-notify-interval", "100ms"]);
        ClusterMember node = await cluster.StartAsync();
        using StringContent body = new("""{"create_request":{"key":"YQ==","progress_notify":true}}""");
        using HttpRequestMessage request = new(HttpMethod.Post, "v3/watch") { Content = body };
        using HttpResponseMessage answer =
            await node.Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader lines = new(await answer.Content.ReadAsStreamAsync());
        Assert.Contains("created", await lines.ReadLineAsync(), StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            string progress = (await lines.ReadLineAsync())!;
            Assert.Contains("\"revision\":\"1\"", progress, StringComparison.Ordinal);
            Assert.DoesNotContain("events", progress, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Both_ports_use_the_cipher_suites_that_were_named_and_no_others()
    {
        if (!OperatingSystem.IsLinux())
            return;

        using TestCertificates certificates = new();
        string[] flags =
        [
            "--cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        ];
        using TestCluster cluster = new(output, size: 1, flags: flags, certificates: certificates);
        ClusterMember node = await cluster.StartAsync();
        foreach (int port in (int[])[node.ClientPort, node.PeerPort])
        {
            Assert.True(await ShakesHandsAsync(port, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384));
            Assert.True(
                await ShakesHandsAsync(port, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256));
            Assert.False(await ShakesHandsAsync(port, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256));
            Assert.True(await ShakesHandsAsync(port, TlsCipherSuite.TLS_AES_128_GCM_SHA256));
        }
    }

    private static string? HeaderOf(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? Assert.Single(values) : null;

    /// <summary>Reads the first frame, which is the server's settings, for SETTINGS_MAX_CONCURRENT_STREAMS.</summary>
    private static async Task<long> ReadMaxStreamsAsync(NetworkStream stream)
    {
        const ushort MaxConcurrentStreams = 3;
        byte[] head = new byte[9];
        await stream.ReadExactlyAsync(head);
        byte[] settings = new byte[(head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(settings);
        Assert.Equal(4, head[3]);
        for (int i = 0; i < settings.Length; i += 6)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings.AsSpan(i)) == MaxConcurrentStreams)
                return BinaryPrimitives.ReadUInt32BigEndian(settings.AsSpan(i + 2));
        }

        return -1;
    }

    /// <summary>Tells whether a client that knows just one suite gets through its side of the handshake.</summary>
    private static async Task<bool> ShakesHandsAsync(int port, TlsCipherSuite suite)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
#pragma warning disable MA0039, CA5359 // what is tested is the suite, and nothing is sent
        await using SslStream tls = new(client.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore MA0039, CA5359
#pragma warning disable CA1416 // the caller looked
        SslClientAuthenticationOptions options = new() { CipherSuitesPolicy = new CipherSuitesPolicy([suite]) };
#pragma warning restore CA1416
        try
        {
            await tls.AuthenticateAsClientAsync(options);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            // A server that wants a certificate says so after it has agreed to a suite.
            return exception.ToString().Contains("certificate required", StringComparison.OrdinalIgnoreCase);
        }

        return tls.NegotiatedCipherSuite == suite;
    }
}
