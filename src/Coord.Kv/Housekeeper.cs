using Coord.Kv.Commands;
using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// Does for a member what has to be done by the clock, a few times a second, until the member stops. One loop.
/// </summary>
/// <remarks>What is due is decided by pure parts that are stepped; this is only the beat.</remarks>
/// <param name="log">Tells who leads.</param>
/// <param name="stateMachine">What it is done for.</param>
/// <param name="options">How often.</param>
/// <param name="leases">Ends leases.</param>
/// <param name="propose">Proposes a command, and waits until it is applied.</param>
internal sealed class Housekeeper(
    IReplicatedLog log,
    KeyValueStateMachine stateMachine,
    KeyValueOptions options,
    LeaseKeeper leases,
    Func<Command, CancellationToken, ValueTask> propose)
{
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    private const int ElectionTimeoutsWithoutLeader = 3;

    private readonly AutomaticCompactor _compactor = new(options, stateMachine.Now);
    private long _lastProgress = stateMachine.Now;
    private long? _leaderlessSince;
    private Task _proposing = Task.CompletedTask;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using PeriodicTimer timer = new(Beat, stateMachine.Clock);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                Step(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The store was disposed, or the member stopped.
        }
    }

    /// <summary>One beat, and what it began.</summary>
    internal async Task StepAsync(CancellationToken cancellationToken)
    {
        Step(cancellationToken);
        await _proposing.ConfigureAwait(false);
    }

    private void Step(CancellationToken cancellationToken)
    {
        LookForLeader();
        ReportProgress();

        // What waits for a quorum must not hold up what tells that there is none.
        if (_proposing.IsCompleted)
            _proposing = ProposeAsync(cancellationToken);
    }

    private async Task ProposeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await leases.StepAsync(cancellationToken).ConfigureAwait(false);
            await CompactAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CoordException)
        {
            // There is no leader or no quorum, or another one took over: the next beat looks again.
        }
        catch (OperationCanceledException)
        {
            // The member stops.
        }
    }

    private async Task CompactAsync(CancellationToken cancellationToken)
    {
        long now = stateMachine.Now;
        KeyValueStatus status = stateMachine.Status;
        long target = _compactor.Look(now, status.Revision.Value);
        if (log.LeadingTerm == default)
            return;

        if (target > status.CompactedRevision.Value)
            await propose(Command.Compact(target), cancellationToken).ConfigureAwait(false);
        if (target > 0)
            _compactor.Done(now);

        // Commands move compaction on. Where none come, this one does.
        if (stateMachine.IsCompacting())
            await propose(Command.StepCompaction(), cancellationToken).ConfigureAwait(false);
    }

    private void LookForLeader()
    {
        long now = stateMachine.Now;
        _leaderlessSince = log.HasLeader ? null : _leaderlessSince ?? now;
        stateMachine.SetLeaderLost(
            now - (_leaderlessSince ?? now) >= log.ElectionTimeout.Ticks * ElectionTimeoutsWithoutLeader);
    }

    private void ReportProgress()
    {
        long now = stateMachine.Now;
        if (now - _lastProgress < options.WatchProgressInterval.Ticks)
            return;

        _lastProgress = now;
        stateMachine.ReportProgress();
    }
}
