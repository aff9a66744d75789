using Coord.Protocol.Etcd;

namespace Coord.AspNetCore.Handlers;

/// <summary>What carries one stream of watches to its client.</summary>
internal interface IWatchConnection
{
    /// <summary>Waits for the next request. Called by one caller at a time.</summary>
    /// <returns>The request, or null if the client sends no more.</returns>
    ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Sends a response. Called by one caller at a time, possibly during a read.</summary>
    /// <param name="response">What to send; not changed afterwards.</param>
    /// <param name="more">Whether another one follows at once, so that this one need not be pushed out.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task WriteAsync(WatchResponse response, bool more, CancellationToken cancellationToken);
}
