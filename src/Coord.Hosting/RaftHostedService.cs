using Coord.Hosting.Diagnostics;
using Coord.Raft;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coord.Hosting;

/// <summary>Runs the node as long as the host runs.</summary>
/// <remarks>
/// The order of a host is: all <c>Starting</c>, all <c>Start</c>, all <c>Started</c>, and when it ends all
/// <c>Stopping</c>, all <c>Stop</c>, all <c>Stopped</c>. Servers listen between <c>Start</c> and <c>Stop</c>. So
/// 1. the node starts in <c>Starting</c>, and never waits for a quorum: three nodes would wait for each other;
/// 2. it hands its leadership over in <c>Stopping</c>, while it can still forward what comes in;
/// 3. it stops in <c>Stopped</c>, when nobody needs it any more.
/// </remarks>
internal sealed class RaftHostedService(
    RaftNode node,
    IOptions<CoordOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider timeProvider,
    ILogger<RaftHostedService> logger) : IHostedLifecycleService
{
    private const int FailedExitCode = 1;

    private Task _watching = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await node.StartAsync(cancellationToken).ConfigureAwait(false);
        _watching = StopHostWithNodeAsync();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        NodeId successor = ChooseSuccessor(node.Status);
        TimeSpan timeout = options.Value.LeadershipHandOverTimeout;
        if (successor.IsNone || timeout == TimeSpan.Zero)
            return;

        using CancellationTokenSource deadline = new(timeout, timeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await node.TransferLeadershipAsync(successor, either.Token).ConfigureAwait(false);
            Log.HandedOver(logger, successor);
        }
        catch (Exception exception) when (exception is CoordException or OperationCanceledException)
        {
            // The others elect a leader by themselves, an election timeout later.
            Log.NotHandedOver(logger, successor, exception);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Whoever is to succeed has been asked already; what is on its way to the disk is not left behind.
        await node.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
    }

    /// <summary>Returns the voter that has most of the log, if this node leads and there is another.</summary>
    internal static NodeId ChooseSuccessor(RaftStatus status)
    {
        if (status.Role is not RaftRole.Leader)
            return NodeId.None;

        return status.Membership.Voters
            .Where(voter => voter != status.Id)
            .Where(voter => !status.Membership.Members.Any(member => member.Id == voter && member.IsWitness))
            .OrderByDescending(voter => status.Match.GetValueOrDefault(voter).Value)
            .FirstOrDefault();
    }

    private async Task StopHostWithNodeAsync()
    {
        try
        {
            await node.Completion.ConfigureAwait(false);
        }
        catch (Exception reason) when (reason is not OutOfMemoryException)
        {
            // A service without its node would look alive and answer nothing. Whoever runs it shall see it end.
            Log.NodeFailed(logger, node.Id, reason.Message, reason);
            Environment.ExitCode = FailedExitCode;
            lifetime.StopApplication();
        }
    }
}
