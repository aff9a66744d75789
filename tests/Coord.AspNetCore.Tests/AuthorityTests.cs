using System.Net;
using System.Text;
using Coord.AspNetCore.Ports;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests;

/// <summary>Clients that name a server by its whole URL are answered: etcd's for Go does, with one server.</summary>
public sealed class AuthorityTests
{
    // RFC 7541 C.4.1: four headers of a request, the last of them the authority in Huffman code.
    private const string Published = "828684418cf1e3c2e5f23a6ba0ab90f4ff";

    [Theory]
    [InlineData("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com")]
    [InlineData("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com")]
    [InlineData("ff", null)]
    [InlineData("f1e3c2e5f23a6ba0ab90f4fe", null)]
    public void The_code_of_hosts_is_decoded(string bytes, string? text) =>
        Assert.Equal(text, HostHuffman.Decode(Convert.FromHexString(bytes)));

    [Fact]
    public void A_block_with_a_sound_authority_stays_as_it_is() =>
        Assert.Null(AuthorityScan.Rewrite(Convert.FromHexString(Published)));

    [Theory]
    [InlineData("41")]
    [InlineData("01")]
    [InlineData("11")]
    public void A_scheme_is_taken_out_and_all_else_stays(string field)
    {
        byte[] text = Encoding.ASCII.GetBytes("http://localhost:20000");
        byte[] before = [0x82, 0x86, 0x44, 1, (byte)'/', .. Convert.FromHexString(field)];
        byte[] after = [0x40, 1, (byte)'a', 1, (byte)'b', 0xbe];

        byte[]? rewritten = AuthorityScan.Rewrite([.. before, (byte)text.Length, .. text, .. after]);

        Assert.Equal([.. before, 15, .. Encoding.ASCII.GetBytes("localhost:20000"), .. after], rewritten!);
    }

    [Fact]
    public void No_bytes_make_it_fail()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            AuthorityScan.Rewrite(bytes);
        }
    }

    [Fact]
    public async Task Calls_with_an_authority_that_has_a_scheme_are_answered_on_one_connection()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        foreach (string host in (string[])["http://localhost:20000", "localhost:1", "http://localhost:20000", "a:1"])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/version")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            Assert.True(request.Headers.TryAddWithoutValidation("Host", host));
            using HttpResponseMessage response = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }
}
