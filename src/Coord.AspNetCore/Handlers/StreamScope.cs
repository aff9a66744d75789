using Microsoft.Extensions.Hosting;

namespace Coord.AspNetCore.Handlers;

/// <summary>How long a stream may go on: until its client leaves, the host stops, or the leader is lost.</summary>
internal sealed class StreamScope(LeaderMonitor monitor, IHostApplicationLifetime lifetime)
{
    /// <summary>Runs a stream.</summary>
    /// <param name="requireLeader">Whether the client wants to hear if there is no leader.</param>
    /// <param name="run">The stream, which ends when its token is cancelled.</param>
    /// <param name="cancellationToken">The client left.</param>
    /// <exception cref="EtcdException">The leader was lost, or the host stops.</exception>
    public async Task RunAsync(
        bool requireLeader, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        CancellationToken lost = requireLeader ? monitor.Lost : CancellationToken.None;
        using CancellationTokenSource scope = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, lifetime.ApplicationStopping, lost);
        try
        {
            await run(scope.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (scope.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw (lost.IsCancellationRequested ? EtcdError.NoLeader : EtcdError.Stopped).ToException(exception);
        }
    }
}
