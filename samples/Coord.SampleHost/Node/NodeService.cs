using Coord.Raft;

namespace Coord.SampleHost.Node;

/// <summary>Starts the node before the client port opens, and stops it before that port closes.</summary>
/// <remarks>
/// So a client is never refused by a port of a node that is still there: it is told 503, and while the leadership is
/// handed over its request is still answered. If the node stops by itself, the process ends, and says why.
/// </remarks>
internal sealed class NodeService(CoordNode node, IHostApplicationLifetime lifetime) : IHostedLifecycleService
{
    private Task _watching = Task.CompletedTask;
    private bool _stopping;

    /// <summary>What the process is to end with.</summary>
    public int ExitCode { get; private set; } = Configuration.ExitCode.Ok;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await node.StartAsync(cancellationToken);
        _watching = WatchAsync();
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        await node.Raft.StopAsync(cancellationToken);
        await _watching;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WatchAsync()
    {
        await node.Raft.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (node.Raft.Completion.Exception?.InnerException is MemberRemovedException removed)
        {
            await Console.Error.WriteLineAsync($"coord-host: {OneLine.Of(removed)}");
            ExitCode = Configuration.ExitCode.Removed;
        }
        else if (node.Raft.Completion.Exception?.InnerException is { } reason)
        {
            await Console.Error.WriteLineAsync(
                $"coord-host: the node stopped by itself: {OneLine.Of(reason)}");
            ExitCode = Configuration.ExitCode.StoppedByItself;
        }

        if (!_stopping)
            lifetime.StopApplication();
    }
}
