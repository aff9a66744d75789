using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>What a service sees of a call that came as JSON: as little as it sees of one over gRPC.</summary>
internal sealed class GatewayCallContext(HttpContext http, string method) : ServerCallContext
{
    private const string MetadataPrefix = "Grpc-Metadata-";
    private const string BinarySuffix = "-bin";

    private Metadata? _headers;

    protected override string MethodCore => method;

    protected override string HostCore => http.Request.Host.Value ?? "";

    protected override string PeerCore => $"{http.Connection.RemoteIpAddress}:{http.Connection.RemotePort}";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => _headers ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => http.RequestAborted;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore { get; } = new(null, []);

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("Nothing here makes calls on behalf of others.");

    /// <summary>Metadata comes as headers with a prefix; a token also as the usual one, without "Bearer".</summary>
    private Metadata ReadHeaders()
    {
        Metadata metadata = [];
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in http.Request.Headers)
        {
            string key = name.ToLowerInvariant();
            if (key.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
                key = key[MetadataPrefix.Length..];
            else if (key != "authorization")
                continue;

            if (key.Length == 0 || key.EndsWith(BinarySuffix, StringComparison.Ordinal) || !key.All(IsKeyCharacter))
                continue;

            foreach (string? value in values)
                metadata.Add(key, value ?? "");
        }

        return metadata;
    }

    private static bool IsKeyCharacter(char c) =>
        char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.';
}
