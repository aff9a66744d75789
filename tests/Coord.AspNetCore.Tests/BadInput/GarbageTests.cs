using System.Net;
using System.Net.Sockets;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>What is no HTTP ends the connection that it came on, and harms no other.</summary>
public sealed class GarbageTests
{
    private const int IdleConnections = 2000;

    public static TheoryData<string, byte[]> WrongFrames => new()
    {
        { "a frame longer than allowed", [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1] },
        { "headers of no stream", RawConnection.Frame(1, 4, 0, 0x82) },
        { "headers of a stream that only a server may open", RawConnection.Frame(1, 4, 2, 0x82) },
        { "headers that are no HPACK", RawConnection.Frame(1, 5, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) },
        { "padding longer than the frame", RawConnection.Frame(1, 0xc, 1, 0x7f, 0x82) },
        { "data of a stream that is not open", RawConnection.Frame(0, 0, 1, 1, 2, 3) },
        { "a continuation of nothing", RawConnection.Frame(9, 4, 1, 0x82) },
        { "settings of a wrong length", RawConnection.Frame(4, 0, 0, 1, 2, 3) },
        { "settings of a stream", RawConnection.Frame(4, 0, 1) },
        { "an acknowledgement with settings", RawConnection.Frame(4, 1, 0, 0, 4, 0, 0, 0, 0) },
        { "a window that does not grow", RawConnection.Frame(8, 0, 0, 0, 0, 0, 0) },
        { "a window that grows too far", RawConnection.Frame(8, 0, 0, 0x7f, 0xff, 0xff, 0xff) },
        { "a ping of a wrong length", RawConnection.Frame(6, 0, 0, 1) },
        { "a reset of a stream that never was", RawConnection.Frame(3, 0, 7, 0, 0, 0, 8) },
        { "a push from a client", RawConnection.Frame(5, 4, 1, 0, 0, 0, 2, 0x82) },
        { "a priority of itself", RawConnection.Frame(2, 0, 1, 0, 0, 0, 1, 16) },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Bytes_without_sense_close_their_connection_and_no_other(int seed)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        Random random = new(seed);
        for (int round = 0; round < 30; round++)
        {
            byte[] garbage = new byte[random.Next(1, 8192)];
            random.NextBytes(garbage);
            using RawConnection connection = await RawConnection.OpenAsync(server, http2: round % 2 == 1);
            await connection.TrySendAsync([.. garbage, .. "\r\n\r\n"u8]);
            await connection.ReadToEndAsync();
            await client.PutAsync("a", $"{round}");
        }
    }

    [Theory]
    [MemberData(nameof(WrongFrames))]
    public async Task A_frame_that_breaks_the_protocol_ends_its_connection(string what, byte[] frame)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server, http2: true);
        await connection.SendAsync(frame);
        Assert.NotNull(await connection.ReadToEndAsync());
        await AssertServesAsync(server, what);
    }

    [Fact]
    public async Task Headers_without_end_are_not_collected()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server, http2: true);
        await connection.SendAsync(RawConnection.Frame(1, 0, 1, 0x83, 0x86, 0x84));

        // A literal that is not indexed: name "a", and a value of 100 bytes.
        byte[] header = [0, 1, (byte)'a', 100, .. Enumerable.Repeat((byte)'b', 100)];
        byte[] frame = RawConnection.Frame(9, 0, 1, [.. Enumerable.Repeat(header, 100).SelectMany(bytes => bytes)]);
        for (int count = 0; count < 200; count++)
            await connection.TrySendAsync(frame);
        await connection.ReadToEndAsync();
        await AssertServesAsync(server, "headers without end");
    }

    [Fact]
    public async Task Streams_that_are_reset_at_once_end_the_connection_or_cost_little()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server, http2: true);
        for (int stream = 1; stream < 20_000; stream += 2)
        {
            await connection.TrySendAsync(
            [
                .. RawConnection.Frame(1, 4, stream, 0x83, 0x86, 0x84),
                .. RawConnection.Frame(3, 0, stream, 0, 0, 0, 8),
            ]);
        }

        await AssertServesAsync(server, "resets");
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(500, 10)]
    [InlineData(5000, 1000)]
    public async Task Headers_that_are_too_many_or_too_long_are_refused(int count, int length)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server);
        string headers = string.Concat(
            Enumerable.Range(0, count).Select(number => $"X{number}: {new string('a', length)}\r\n"));
        await connection.TrySendAsync(
            System.Text.Encoding.ASCII.GetBytes($"POST /v3/kv/range HTTP/1.1\r\nHost: a\r\n{headers}\r\n"));
        string answer = await connection.ReadToEndAsync();

        // What was sent after the server had enough may turn its answer into a reset.
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 431 ", StringComparison.Ordinal), answer);
        await AssertServesAsync(server, "headers");
    }

    [Fact]
    public async Task Thousands_of_connections_that_say_nothing_leave_the_others_alone()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        List<TcpClient> idle = [];
        try
        {
            for (int count = 0; count < IdleConnections; count++)
            {
                TcpClient next = new();
                idle.Add(next);
                await next.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            }

            await AssertServesAsync(server, "idle connections");
        }
        finally
        {
            idle.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task AssertServesAsync(ApiServer server, string after)
    {
        using EtcdClient client = new(server);
        await client.PutAsync("after", after);
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpResponseMessage version = await http.GetAsync(new Uri("/version", UriKind.Relative));
        Assert.True(version.IsSuccessStatusCode, after);
    }
}
