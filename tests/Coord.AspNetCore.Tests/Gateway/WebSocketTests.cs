using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>The gateway over web sockets: each request a message, each line of the answer another.</summary>
public sealed class WebSocketTests : IAsyncLifetime
{
    private const string CreateRequest = """{"create_request":{"key":"Zm9v"}}"""; // foo
    private ApiServer _server = null!;

    public async Task InitializeAsync() => _server = await ApiServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("/v3/watch")]
    [InlineData("/v3beta/watch")]
    public async Task A_watch_gets_requests_and_sends_answers_as_messages(string path)
    {
        using ClientWebSocket socket = await ConnectAsync(path);
        await SendAsync(socket, CreateRequest);
        Assert.Contains("\"created\":true", await ReceiveAsync(socket), StringComparison.Ordinal);
        await _server.Store.PutAsync("foo"u8.ToArray(), "bar"u8.ToArray());
        string events = await ReceiveAsync(socket);
        Assert.StartsWith("{\"result\":{", events, StringComparison.Ordinal);
        Assert.Contains("\"value\":\"YmFy\"", events, StringComparison.Ordinal);

        // A second watch on the same stream is what plain HTTP cannot have in a browser.
        await SendAsync(socket, """{"create_request":{"key":"eg==","watch_id":"7"}}""");
        Assert.Contains("\"watch_id\":\"7\",\"created\":true", await ReceiveAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keep_alives_are_answered_one_by_one()
    {
        long id = (await _server.Store.GrantLeaseAsync(TimeSpan.FromMinutes(1))).Id.Value;
        using ClientWebSocket socket = await ConnectAsync("/v3/lease/keepalive");
        for (int i = 0; i < 3; i++)
        {
            await SendAsync(socket, $$"""{"ID":"{{id}}"}""");
            Assert.Contains("\"TTL\":\"60\"", await ReceiveAsync(socket), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unary_call_is_answered_and_the_socket_closed()
    {
        using ClientWebSocket socket = await ConnectAsync("/v3/kv/put");
        await SendAsync(socket, """{"key":"Zm9v","value":"YmFy"}""");
        Assert.Contains("\"revision\":\"2\"", await ReceiveAsync(socket), StringComparison.Ordinal);
        Assert.Equal("", await ReceiveAsync(socket));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Theory]
    [InlineData("/v3/watch", "{nonsense", "invalid character 'n'")]
    [InlineData("/v3/kv/range", "{}", "etcdserver: key is not provided")]
    public async Task An_error_is_a_message_too(string path, string request, string expected)
    {
        using ClientWebSocket socket = await ConnectAsync(path);
        await SendAsync(socket, request);
        Assert.Contains(expected, await ReceiveAsync(socket), StringComparison.Ordinal);
        Assert.Equal("", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_large_event_is_one_message()
    {
        using ClientWebSocket socket = await ConnectAsync("/v3/watch");
        await SendAsync(socket, CreateRequest);
        await ReceiveAsync(socket);
        await _server.Store.PutAsync("foo"u8.ToArray(), new byte[1_000_000]);
        string events = await ReceiveAsync(socket);
        Assert.True(events.Length > 1_300_000, $"{events.Length} bytes");
        Assert.EndsWith("}}", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_watches()
    {
        using (ClientWebSocket socket = await ConnectAsync("/v3/watch"))
        {
            await SendAsync(socket, CreateRequest);
            await ReceiveAsync(socket);
            Assert.Equal(1, _server.Store.Status.Watches);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            await Eventually.IsTrueAsync("the watches are gone.", () => _server.Store.Status.Watches == 0);
        }

        using (ClientWebSocket socket = await ConnectAsync("/v3/watch"))
        {
            await SendAsync(socket, CreateRequest);
            await ReceiveAsync(socket);
            socket.Abort();
            await Eventually.IsTrueAsync("the watches are gone.", () => _server.Store.Status.Watches == 0);
        }
    }

    [Theory]
    [InlineData("/v3/watch", "13", "short", HttpStatusCode.BadRequest)]
    [InlineData("/v3/watch", "8", "AQIDBAUGBwgJCgsMDQ4PEA==", HttpStatusCode.BadRequest)]
    [InlineData("/v3/nothing", "13", "AQIDBAUGBwgJCgsMDQ4PEA==", HttpStatusCode.NotFound)]
    public async Task A_handshake_that_is_wrong_is_refused(
        string path, string version, string key, HttpStatusCode expected)
    {
        using HttpClient client = new() { BaseAddress = _server.Address };
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue("websocket"));
        request.Headers.Add("Sec-WebSocket-Version", version);
        request.Headers.Add("Sec-WebSocket-Key", key);
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_token_may_come_as_a_protocol()
    {
        using ClientWebSocket socket = new();
        socket.Options.AddSubProtocol("Bearer");
        socket.Options.AddSubProtocol("some.token");
        await socket.ConnectAsync(AddressOf("/v3/kv/range"), CancellationToken.None);
        Assert.Equal("Bearer", socket.SubProtocol);
    }

    private async Task<ClientWebSocket> ConnectAsync(string path)
    {
        ClientWebSocket socket = new();
        await socket.ConnectAsync(AddressOf(path), CancellationToken.None);
        return socket;
    }

    private Uri AddressOf(string path) => new UriBuilder(_server.Address) { Scheme = "ws", Path = path }.Uri;

    private static Task SendAsync(ClientWebSocket socket, string text) => socket.SendAsync(
        Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>Receives a message; nothing at the end.</summary>
    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        using MemoryStream message = new();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            WebSocketReceiveResult part = await socket.ReceiveAsync(buffer, patience.Token);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return Encoding.UTF8.GetString(message.ToArray());
        }
    }
}
