using Coord.Kv.Commands;
using Coord.Raft;

namespace Coord.Kv.Leases;

/// <summary>
/// Proposes the end of leases whose time is up, and writes down what long ones have left, as long as its member leads.
/// </summary>
/// <remarks>
/// It decides nothing: an expiry names the renewal that it knows of, and the log drops it if another came first. So two
/// members that both think they lead do no harm. One caller at a time.
/// </remarks>
/// <param name="log">Tells whether this member leads.</param>
/// <param name="stateMachine">Has the leases.</param>
/// <param name="propose">Proposes a command about a list of leases, and waits until it is applied.</param>
internal sealed class LeaseKeeper(
    IReplicatedLog log,
    KeyValueStateMachine stateMachine,
    Func<CommandKind, List<long>, CancellationToken, ValueTask> propose)
{
    private const int MaxLeases = 1000;
    private const int MaxKeys = 1000;

    private readonly List<long> _numbers = [];
    private Term _term;
    private long _lastStep;

    /// <summary>Does what is due; to be called a few times a second.</summary>
    /// <exception cref="CoordException">The log did not take it; the next step tries again.</exception>
    public async ValueTask StepAsync(CancellationToken cancellationToken)
    {
        Term term = log.LeadingTerm;
        if (term == default)
        {
            _term = default;
            return;
        }

        // Who just became leader, or was held up, cannot know how many keep-alives found nobody meanwhile. It gives
        // their senders the time to come again: one and a half election timeouts.
        long now = stateMachine.Now;
        bool wasHeldUp = now - _lastStep > log.ElectionTimeout.Ticks;
        if (term != _term || wasHeldUp)
        {
            if (!await StillLeadsAsync(term, cancellationToken).ConfigureAwait(false))
                return;
            stateMachine.LiftLeases(log.ElectionTimeout.Ticks * 3 / 2);
            _term = term;
        }

        await ExpireAsync(term, cancellationToken).ConfigureAwait(false);
        await CheckpointAsync(cancellationToken).ConfigureAwait(false);
        _lastStep = stateMachine.Now;
    }

    private async ValueTask ExpireAsync(Term term, CancellationToken cancellationToken)
    {
        while (stateMachine.IsAnyLeaseDue())
        {
            // After the barrier every keep-alive that was committed anywhere has been applied here, and counts.
            if (!await StillLeadsAsync(term, cancellationToken).ConfigureAwait(false))
                return;

            stateMachine.CollectDueLeases(MaxKeys, MaxLeases, _numbers);
            if (_numbers.Count > 0)
                await propose(CommandKind.ExpireLeases, _numbers, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CheckpointAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            stateMachine.CollectLeaseCheckpoints(MaxLeases, _numbers);
            if (_numbers.Count == 0)
                return;
            await propose(CommandKind.CheckpointLeases, _numbers, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> StillLeadsAsync(Term term, CancellationToken cancellationToken)
    {
        await log.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
        return log.LeadingTerm == term;
    }
}
