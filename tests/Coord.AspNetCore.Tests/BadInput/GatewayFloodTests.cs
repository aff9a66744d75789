using System.Text;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>No body makes the gateway keep more than a request may be, however long it is.</summary>
[Collection(AloneCollection.Name)]
public sealed class GatewayFloodTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Blanks_are_not_kept()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server);
        const int Blanks = 64 * Megabyte;
        const string Request = "{\"key\":\"YQ==\"}";
        await connection.SendAsync(
            $"POST /v3/kv/range HTTP/1.1\r\nHost: a\r\nContent-Length: {Blanks + Request.Length}\r\n\r\n");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        byte[] blanks = [.. Enumerable.Repeat((byte)' ', Megabyte)];
        for (int count = 0; count < Blanks / Megabyte; count++)
            await connection.SendAsync(blanks);
        long kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        await connection.SendAsync(Request);
        Assert.StartsWith(
            "HTTP/1.1 200 OK", await connection.ReadUntilAsync("\"raft_term\""), StringComparison.Ordinal);
        Assert.InRange(kept, long.MinValue, 16 * Megabyte);
    }

    [Theory]
    [InlineData("{\"value\":\"")]
    [InlineData("{\"unknown\":[")]
    [InlineData("")]
    public async Task A_value_without_end_is_refused_before_it_ends(string begin)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server);
        await connection.SendAsync(
            "POST /v3/kv/put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{begin.Length + 1:x}\r\n{begin} \r\n");

        // Ones, which may stand in a text, in a list, and as a number of their own.
        string separator = begin.EndsWith('[') ? "1," : "11";
        string piece = string.Concat(Enumerable.Repeat(separator, Megabyte / 2));
        byte[] chunk = Encoding.ASCII.GetBytes($"{Megabyte:x}\r\n{piece}\r\n");
        for (int count = 0; count < 9; count++)
            await connection.TrySendAsync(chunk);
        string answer = await connection.ReadUntilAsync("\"code\":8}");
        Assert.StartsWith("HTTP/1.1 429", answer, StringComparison.Ordinal);
        Assert.Contains("grpc: received message larger than max (", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_may_have_any_number_of_requests()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using HttpClient http = new() { BaseAddress = server.Address };
        string body = string.Concat(Enumerable.Range(0, 1000).Select(number => $"{{\"ID\":{number}}}\n"));
        using StringContent content = new(body);
        using HttpResponseMessage response =
            await http.PostAsync(new Uri("/v3/lease/keepalive", UriKind.Relative), content);
        string[] lines = (await response.Content.ReadAsStringAsync()).TrimEnd().Split('\n');
        Assert.Equal(1000, lines.Length);
        Assert.EndsWith("\"ID\":\"999\"}}", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_body_stays_open_and_answers_come_meanwhile()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server);
        await connection.SendAsync(
            "POST /v3/lease/keepalive HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int number = 100; number < 105; number++)
        {
            await connection.SendAsync($"a\r\n{{\"ID\":{number}}}\r\n");
            await connection.ReadUntilAsync($"\"ID\":\"{number}\"}}}}\n");
        }

        await connection.SendAsync("0\r\n\r\n");
        await connection.ReadUntilAsync("0\r\n\r\n");
    }

    [Fact]
    public async Task Who_does_not_read_is_not_read_either()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using RawConnection connection = await RawConnection.OpenAsync(server);
        await connection.SendAsync(
            "POST /v3/lease/keepalive HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        string requests = string.Concat(Enumerable.Repeat("{\"ID\":1}", 8192));
        byte[] chunk = Encoding.ASCII.GetBytes($"{requests.Length:x}\r\n{requests}\r\n");

        // 64 MiB of requests would have more than a gigabyte of answers.
        Task flood = FloodAsync(connection, chunk, 1024);
        using EtcdClient client = new(server);
        for (int count = 0; count < 300; count++)
            await client.PutAsync("a", $"{count}");
        Assert.False(flood.IsCompleted);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 32 * Megabyte);
        connection.Dispose();
        await flood.ContinueWith(_ => { }, TaskScheduler.Default);
        await client.PutAsync("a", "after");
    }

    private static async Task FloodAsync(RawConnection connection, byte[] chunk, int count)
    {
        for (int sent = 0; sent < count; sent++)
            await connection.SendAsync(chunk);
    }
}
