using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Locks, or elections, and writes that they protect. Clients hold on for too long, write after they have let go, and
/// lose their sessions: none of that may let a write through that is not the holder's.
/// </summary>
internal sealed class LockWorkload(Chance chance, bool isElection) : IWorkload
{
    private readonly StoreHistory _history = new(isElection ? "election" : "lock");
    private readonly long _timeToLive = chance.Fork("ttl").LogUniform(1, 15);
    private readonly long _holdTime = chance.Fork("hold").LogUniform(10 * Span.Millisecond, 5 * Span.Second);
    private readonly List<LockGrant> _grants = [];
    private readonly List<GuardedWrite> _writes = [];
    private StoreTwin? _twin;
    private int _values;

    private string Name => _history.KeyOf("line");

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        _twin = actor.Twin;
        while (!actor.IsOver)
        {
            CoordinationSession? session = await TryOpenAsync(actor).ConfigureAwait(false);
            if (session is not null)
            {
                await using (session.ConfigureAwait(false))
                {
                    for (int i = actor.Chance.Next(6); i >= 0 && !session.IsLost && !actor.IsOver; i--)
                        await CompeteAsync(actor, session).ConfigureAwait(false);
                }
            }

            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        // What sessions left behind ends with their leases; then the lock is free. The own may end while a disk is
        // slow.
        while (!await TryFinishAsync(actor).ConfigureAwait(false))
            await actor.DelayAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        // The recipe makes the changes of the line; what it makes of it is checked by the lock's own rules.
        KeyRange line = KeyRange.Prefix(Name + "/");
        Findings findings = _history.Check(change => line.Contains(change.Events[0].KeyValue.Key.Span));
        if (_twin is { } twin)
            findings.AddRange(LockChecker.Check(twin.Log, line, _grants, _writes));
        return findings;
    }

    private async Task<bool> TryFinishAsync(Actor actor)
    {
        CoordinationSession session = await CoordinationSession.CreateAsync(actor.Store, Options(actor))
            .ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            try
            {
                CoordinationHandle held = await AcquireAsync(session, CancellationToken.None).ConfigureAwait(false);
                await held.DisposeAsync().ConfigureAwait(false);
                return true;
            }
            catch (SessionLostException)
            {
                return false;
            }
        }
    }

    private CoordinationSessionOptions Options(Actor actor) =>
        new() { TimeToLive = TimeSpan.FromSeconds(_timeToLive), TimeProvider = actor.Clock };

    private async Task<CoordinationSession?> TryOpenAsync(Actor actor)
    {
        try
        {
            return await CoordinationSession.CreateAsync(actor.Store, Options(actor)).ConfigureAwait(false);
        }
        catch (CoordException)
        {
            return null;
        }
    }

    private async Task<CoordinationHandle> AcquireAsync(CoordinationSession session, CancellationToken stop) =>
        isElection
            ? await new LeaderElection(session.Store, Name).CampaignAsync(session, "me", stop).ConfigureAwait(false)
            : await new DistributedLock(session, Name).AcquireAsync(stop).ConfigureAwait(false);

    private async Task CompeteAsync(Actor actor, CoordinationSession session)
    {
        long begin = actor.Now;
        TimeSpan patience = Span.ToTimeSpan(actor.Chance.LogUniform(Span.Second, 60 * Span.Second));
        using CancellationTokenSource stop = new(patience, actor.Clock);
        try
        {
            CoordinationHandle held = await AcquireAsync(session, stop.Token).ConfigureAwait(false);
            _grants.Add(new(actor.Number, held.Key, held.FencingToken.Value, begin, actor.Now));
            actor.Trace($"holds {held.Key} with {held.FencingToken}");
            await using (held.ConfigureAwait(false))
                await HoldAsync(actor, held).ConfigureAwait(false);

            // Whoever does not know that he has let go is refused.
            if (actor.Chance.Next(3) == 0)
                await WriteAsync(actor, held).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or CoordException)
        {
            actor.Trace($"does not get the lock: {exception.Message}");
        }
    }

    private async Task HoldAsync(Actor actor, CoordinationHandle held)
    {
        bool looks = actor.Chance.Next(2) == 0;
        for (int i = actor.Chance.Next(4); i >= 0 && !(looks && held.IsLost); i--)
        {
            await WriteAsync(actor, held).ConfigureAwait(false);
            await actor.World.DelayAsync(actor.Chance.Between(0, _holdTime)).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(Actor actor, CoordinationHandle held)
    {
        byte[] key = ChangeLog.BytesOf(_history.KeyOf("data"));
        byte[] value = ChangeLog.BytesOf($"{actor.Number} {held.FencingToken} {++_values}");
        TransactionResult? result = await _history.DoAsync(
            actor, new(Transaction.If(held.Held).Then(Operation.Put(key, value)))).ConfigureAwait(false);
        if (result is { Succeeded: true })
            _writes.Add(new(actor.Number, held.FencingToken.Value, result.Revision));
    }
}
