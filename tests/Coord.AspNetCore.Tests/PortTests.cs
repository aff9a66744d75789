using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Microsoft.AspNetCore.Hosting;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>One port for HTTP/1.1 and HTTP/2, in clear and with TLS.</summary>
public sealed class PortTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_port_in_clear_speaks_both_versions(string version)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpRequestMessage request = new(HttpMethod.Get, "/version")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using HttpResponseMessage response = await http.SendAsync(request);
        Assert.Equal(Version.Parse(version), response.Version);
        Assert.Equal("""{"etcdserver":"3.4.36","etcdcluster":"3.4.0"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_preface_that_comes_byte_by_byte_is_still_one()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using TcpClient tcp = new() { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        NetworkStream stream = tcp.GetStream();
        foreach (byte next in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray())
            await stream.WriteAsync(new[] { next });

        // An empty SETTINGS frame; the server answers with its own.
        await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        byte[] head = new byte[9];
        await stream.ReadExactlyAsync(head);
        Assert.Equal(4, head[3]);
    }

    [Fact]
    public async Task What_only_begins_like_the_preface_is_HTTP_1()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        byte[] request = "PRIVATE /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray();
        await tcp.GetStream().WriteAsync(request);
        using StreamReader reader = new(tcp.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 405", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_ends_before_it_says_anything_harms_nobody()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        foreach (string begin in (string[])["", "P", "PRI * HTTP"])
        {
            using TcpClient tcp = new();
            await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            NetworkStream stream = tcp.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(begin));
            tcp.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null);
        }

        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
    }

    [Fact]
    public async Task A_port_with_TLS_negotiates_both()
    {
        using X509Certificate2 certificate = SelfSigned();
        await using ApiServer server = await ApiServer.StartAsync(port: port => port.UseHttps(certificate));
        using SocketsHttpHandler handler = new()
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Same },
        };
        using HttpClient http = new(handler) { BaseAddress = server.Address };
        Assert.Equal("https", server.Address.Scheme);
        Assert.Contains("etcdserver", await http.GetStringAsync("/version"), StringComparison.Ordinal);

        using EtcdClient client = new(server, http);
        Assert.Equal(2, (await client.PutAsync("a", "1")).Header.Revision);

        bool Same(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
            shown?.GetCertHashString() == certificate.GetCertHashString();
    }

    [Fact]
    public async Task More_than_a_hundred_calls_are_under_way_on_one_connection()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using SocketsHttpHandler handler = new() { EnableMultipleHttp2Connections = false };
        using HttpClient http = new(handler);
        using EtcdClient client = new(server, http);
        PutResponse[] puts = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => client.PutAsync($"k{i}", "v")));
        Assert.Equal(Enumerable.Range(2, 500).Select(i => (long)i), puts.Select(put => put.Header.Revision).Order());
        RangeResponse count = await client.RangeAsync(
            new RangeRequest { Key = Utf8("k"), RangeEnd = Utf8("l"), CountOnly = true });
        Assert.Equal(500, count.Count);
    }

    private static X509Certificate2 SelfSigned()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
