namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Watch service, whatever carries the stream.</summary>
internal sealed class WatchHandler(EtcdMember member)
{
    /// <summary>Serves one stream until its client leaves.</summary>
    /// <param name="connection">The client. That it sends no more does not end its watches.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    public async Task RunAsync(IWatchConnection connection, CancellationToken cancellationToken)
    {
        using WatchSession session = new(member, connection);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task sending = session.SendAsync(both.Token);
        Task receiving = session.ReceiveAsync(both.Token);

        // Whichever fails first ends the other; its reason is the stream's.
        Task first = await Task.WhenAny(sending, receiving).ConfigureAwait(false);
        if (first == receiving && receiving.IsCompletedSuccessfully)
            first = sending;
        else
            await both.CancelAsync().ConfigureAwait(false);

        await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }
}
