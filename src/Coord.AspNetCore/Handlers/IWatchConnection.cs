using Coord.AspNetCore.Hot;
using Coord.Protocol.Etcd;

namespace Coord.AspNetCore.Handlers;

/// <summary>What carries one stream of watches to its client.</summary>
/// <remarks>One caller at a time reads; one at a time writes or flushes, possibly during a read.</remarks>
internal interface IWatchConnection
{
    /// <summary>Waits for the next request.</summary>
    /// <returns>The request, or null if the client sends no more.</returns>
    ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Writes a response, which leaves with the next flush at the latest.</summary>
    ValueTask WriteAsync(WatchResponse response, CancellationToken cancellationToken);

    /// <summary>Writes a response with events, which leaves with the next flush at the latest.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="watchId">The watch as the client knows it.</param>
    /// <param name="events">The events, encoded as the fields of the response; not used after the return.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask WriteEventsAsync(
        AnswerHeader header, long watchId, ReadOnlyMemory<byte> events, CancellationToken cancellationToken);

    /// <summary>Pushes out what has been written.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}
