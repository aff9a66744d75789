namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Watch service, whatever carries the stream.</summary>
internal sealed class WatchHandler(EtcdMember member)
{
    private readonly WatchBounds _bounds = new(member.Options);

    /// <summary>Serves one stream until its client leaves.</summary>
    /// <param name="connection">The client. That it sends no more does not end its watches.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="EtcdException">This member has too many streams.</exception>
    public async Task RunAsync(IWatchConnection connection, CancellationToken cancellationToken)
    {
        if (!_bounds.TryOpenStream())
            throw EtcdError.TooManyRequests.ToException();

        try
        {
            await ServeAsync(connection, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _bounds.CloseStream();
        }
    }

    private async Task ServeAsync(IWatchConnection connection, CancellationToken cancellationToken)
    {
        using WatchSession session = new(member, connection, _bounds);
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
