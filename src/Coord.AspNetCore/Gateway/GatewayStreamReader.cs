using Google.Protobuf;
using Grpc.Core;

namespace Coord.AspNetCore.Gateway;

/// <summary>The requests of a stream.</summary>
/// <remarks>
/// Only the first one's mistakes are told, as in etcd: the answers are under way when the others come. A later one that
/// is wrong ends the requests, as if no more had been sent.
/// </remarks>
internal sealed class GatewayStreamReader<T>(GatewayBody body, MessageParser<T> parser, MessageSchema schema)
    : IAsyncStreamReader<T>
    where T : class, IMessage<T>
{
    private T? _first;
    private bool _ended;

    public T Current { get; private set; } = null!;

    /// <exception cref="JsonFormatException">The first request is wrong.</exception>
    public async ValueTask ReadFirstAsync(CancellationToken cancellationToken)
    {
        _ended = !await body.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (!_ended)
            _first = GatewayCodec.Parse(body, parser, schema);
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (_ended)
            return false;

        if (_first is not null)
        {
            Current = _first;
            _first = null;
            return true;
        }

        try
        {
            _ended = !await body.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!_ended)
                Current = GatewayCodec.Parse(body, parser, schema);
        }
        catch (JsonFormatException)
        {
            _ended = true;
        }

        return !_ended;
    }
}
