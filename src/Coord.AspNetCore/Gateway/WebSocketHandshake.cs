using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Coord.AspNetCore.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coord.AspNetCore.Gateway;

/// <summary>Turns a request into a web socket (RFC 6455), without any middleware of the host.</summary>
internal static class WebSocketHandshake
{
    private const string Bearer = "Bearer";
    private const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const int KeyBytes = 16;

    /// <summary>How often an idle client is asked whether it is there, and how long the answer may take.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    /// <summary>Tells whether a request asks for a web socket.</summary>
    public static bool IsAsked(HttpContext context) =>
        context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
        && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };

    /// <summary>Answers the handshake.</summary>
    /// <returns>Null if it was refused.</returns>
    public static async Task<WebSocket?> AcceptAsync(HttpContext context)
    {
        IHeaderDictionary request = context.Request.Headers, response = context.Response.Headers;
        string key = request.SecWebSocketKey.ToString();
        if (!HttpMethods.IsGet(context.Request.Method) || request.SecWebSocketVersion != "13" || !IsKey(key))
        {
            response.SecWebSocketVersion = "13";
            await PlainAnswer.WriteAsync(context, StatusCodes.Status400BadRequest, PlainAnswer.Text, "Bad Request\n")
                .ConfigureAwait(false);
            return null;
        }

        response.Connection = "Upgrade";
        response.Upgrade = "websocket";
        response.SecWebSocketAccept = AcceptOf(key);
        if (request.SecWebSocketProtocol.ToString().StartsWith(Bearer, StringComparison.Ordinal))
            response.SecWebSocketProtocol = Bearer;
        Stream stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync()
            .ConfigureAwait(false);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            KeepAliveInterval = KeepAlive,
            KeepAliveTimeout = KeepAlive,
        });
    }

    /// <summary>
    /// Finds the token of a client: pages cannot set headers of a web socket, so it comes as a second "protocol", or in
    /// a cookie.
    /// </summary>
    public static string? AuthorizationOf(HttpRequest request)
    {
        if (request.Cookies.TryGetValue("token", out string? cookie))
            return $"{Bearer} {cookie}";

        string[] protocols = request.Headers.SecWebSocketProtocol.ToString().Split($"{Bearer},", 2);
        return protocols.Length == 2 ? $"{Bearer} {protocols[1].Trim(' ')}" : null;
    }

    private static bool IsKey(string key)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes];
        return Convert.TryFromBase64String(key, bytes, out int count) && count == KeyBytes;
    }

    private static string AcceptOf(string key) =>
#pragma warning disable CA5350 // The protocol's choice; it proves only that the server knows the protocol.
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Magic)));
#pragma warning restore CA5350
}
