using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Checking;
using Coord.Simulation.Faults;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Leases with keys: kept alive for a while, then revoked or forgotten; keys that move between leases, or away from
/// them. None may end early, none may live on for ever, and each takes its keys along.
/// </summary>
internal sealed class LeaseWorkload(Chance chance) : IWorkload
{
    private readonly StoreHistory _history = new("lease");
    private readonly int _keys = (int)chance.Fork("keys").LogUniform(2, 32);
    private readonly bool _hasLong = chance.Fork("long").OneIn(4);
    private readonly List<LeaseAnswer> _answers = [];
    private readonly Findings _findings = new();
    private StoreTwin? _twin;
    private RunPlan? _plan;
    private int _values;

    /// <inheritdoc/>
    public async Task RunAsync(Actor actor)
    {
        (_twin, _plan) = (actor.Twin, actor.Plan);
        List<(LeaseId Id, TimeSpan TimeToLive)> leases = [];
        while (!actor.IsOver)
        {
            await StepAsync(actor, leases).ConfigureAwait(false);
            await actor.ThinkAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(Actor actor)
    {
        // Nobody keeps any alive: after the longest time, and what a new leader adds to it, all are gone.
        TimeSpan longest = Span.ToTimeSpan(_answers.Select(answer => answer.TimeToLive).DefaultIfEmpty().Max());
        await actor.DelayAsync((longest * 1.2) + (actor.Plan.ElectionTimeout * 5)).ConfigureAwait(false);
        IReadOnlyList<LeaseId> left = await actor.Store.ListLeasesAsync().ConfigureAwait(false);
        TransactionResult keys = await _history.MustDoAsync(actor, StoreInput.Get(_history.Keys)).ConfigureAwait(false);
        HashSet<LeaseId> own = [.. _answers.Select(answer => answer.Lease)];
        foreach (LeaseId lease in left.Where(own.Contains))
            _findings.Add($"Lease {lease} lives on, and nobody keeps it alive.");
        foreach (KeyValue key in keys.Results[0].Get!.KeyValues.Where(key => !key.Lease.IsNone))
            _findings.Add($"{StoreText.Of(key)} lives on, and nobody keeps its lease alive.");
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Check()
    {
        Findings findings = _history.Check();
        findings.AddRange(_findings);
        if (_twin is { } twin)
        {
            // A clock that leaps ends leases by right: time has gone by, as far as its member can tell.
            double drift = _plan!.IntervalOf(FaultKind.ClockLeap) > 0 ? 1 : _plan.MaxDriftPerMillion / 1e6;
            findings.AddRange(LeaseChecker.Check(twin.Log, _answers, twin.LeaseEnds, drift));
        }

        return findings;
    }

    private async Task StepAsync(Actor actor, List<(LeaseId Id, TimeSpan TimeToLive)> leases)
    {
        int choice = leases.Count == 0 ? 0 : actor.Chance.Next(12);
        (LeaseId Id, TimeSpan TimeToLive) lease = leases.Count == 0 ? default : actor.Chance.Of(leases);
        switch (choice)
        {
            case 0:
                await GrantAsync(actor, leases).ConfigureAwait(false);
                break;
            case 1:
                await RevokeAsync(actor, lease.Id).ConfigureAwait(false);
                break;
            case 2:
                leases.Remove(lease); // Forgotten: it ends by itself.
                break;
            case < 6:
                if (choice == 3)
                    await WaitForEndAsync(actor, lease).ConfigureAwait(false);
                if (!await RenewAsync(actor, lease).ConfigureAwait(false))
                    leases.Remove(lease);
                break;
            case 6:
                await LookAsync(actor, lease).ConfigureAwait(false);
                break;
            default:
                await _history.DoAsync(actor, DrawWrite(actor.Chance, lease.Id)).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Waits until a lease is about to end, for a keep-alive and the end to meet on their way.</summary>
    private async Task WaitForEndAsync(Actor actor, (LeaseId Id, TimeSpan TimeToLive) lease)
    {
        LeaseAnswer last = _answers.Last(answer => answer.Lease == lease.Id);
        long end = last.Begin + last.TimeToLive + actor.Chance.Between(-20 * Span.Millisecond, 400 * Span.Millisecond);
        if (end > actor.Now && end < actor.Now + (5 * Span.Second))
            await actor.World.DelayAsync(end - actor.Now).ConfigureAwait(false);
    }

    private StoreInput DrawWrite(Chance chance, LeaseId lease)
    {
        byte[] key = ChangeLog.BytesOf(_history.KeyOf($"{chance.Next(_keys):d2}"));
        byte[] value = ChangeLog.BytesOf($"{++_values}");
        return chance.Next(8) switch
        {
            0 => new(Transaction.Of(Operation.Put(key, value))),
            1 => StoreInput.Delete(new KeyRange(key)),
            2 => new(Transaction
                .If(Comparison.OfLease(new KeyRange(key), ComparisonOperator.Equal, lease))
                .Then(Operation.Put(key, value, new() { KeepLease = true, ReturnPrevious = true }))
                .Else(Operation.Get(new KeyRange(key)))),
            _ => new(Transaction.Of(Operation.Put(key, value, new() { Lease = lease, ReturnPrevious = true }))),
        };
    }

    private async Task GrantAsync(Actor actor, List<(LeaseId Id, TimeSpan TimeToLive)> leases)
    {
        long begin = actor.Now;
        // What a lease of more than a minute has left is written down every minute.
        bool isLong = _hasLong && actor.Chance.OneIn(2);
        TimeSpan wanted = TimeSpan.FromMilliseconds(
            isLong ? actor.Chance.Between(61_000, 90_000) : actor.Chance.LogUniform(1000, 20_000));
        try
        {
            LeaseGrant grant = await actor.Store.GrantLeaseAsync(wanted).ConfigureAwait(false);
            _findings.Require(grant.TimeToLive >= wanted, $"A lease of {wanted} was wanted, and is {grant}.");
            _answers.Add(new(grant.Id, begin, actor.Now, Span.Of(grant.TimeToLive), IsGrant: true));
            leases.Add((grant.Id, grant.TimeToLive));
            actor.Trace($"is granted {grant}");
        }
        catch (CoordException)
        {
            // If it was granted all the same, nobody knows its id, and it ends by itself.
        }
    }

    private async Task<bool> RenewAsync(Actor actor, (LeaseId Id, TimeSpan TimeToLive) lease)
    {
        long begin = actor.Now;
        try
        {
            TimeSpan left = await actor.Store.KeepLeaseAliveAsync(lease.Id).ConfigureAwait(false);
            _findings.Require(left == lease.TimeToLive, $"Lease {lease} was renewed for {left}.");
            _answers.Add(new(lease.Id, begin, actor.Now, Span.Of(left)));
            actor.Trace($"keeps {lease.Id} alive since {begin}");
            return true;
        }
        catch (LeaseNotFoundException)
        {
            _answers.Add(new(lease.Id, begin, actor.Now, 0));
            actor.Trace($"hears that {lease.Id} is gone");
            return false;
        }
        catch (CoordException)
        {
            return true; // Perhaps it was, perhaps it was not.
        }
    }

    private async Task RevokeAsync(Actor actor, LeaseId lease)
    {
        long begin = actor.Now;
        try
        {
            await actor.Store.RevokeLeaseAsync(lease).ConfigureAwait(false);
            _answers.Add(new(lease, actor.Now, actor.Now, 0));
            actor.Trace($"revoked {lease}");
        }
        catch (LeaseNotFoundException)
        {
            _answers.Add(new(lease, begin, actor.Now, 0));
        }
        catch (CoordException)
        {
            // Perhaps it is gone.
        }
    }

    private async Task LookAsync(Actor actor, (LeaseId Id, TimeSpan TimeToLive) lease)
    {
        long begin = actor.Now;
        try
        {
            LeaseStatus? status = await actor.Store.GetLeaseAsync(lease.Id, includeKeys: true).ConfigureAwait(false);
            if (status is null)
            {
                _answers.Add(new(lease.Id, begin, actor.Now, 0));
                return;
            }

            string keys = string.Join(' ', status.Keys.Select(key => ChangeLog.TextOf(key.Span)));
            string expected = string.Join(' ', LeaseEnds.KeysOf(_twin!.Log, lease.Id, status.Revision));
            _findings.Require(
                keys == expected, $"Lease {lease.Id} has [{expected}] at {status.Revision}, not [{keys}].");
            bool isPlausible = status.GrantedTimeToLive == lease.TimeToLive
                && status.Remaining <= lease.TimeToLive + (_plan!.ElectionTimeout * 1.5);
            _findings.Require(isPlausible, $"Lease {lease} is told as {status}.");
        }
        catch (CoordException)
        {
            // Nobody answered.
        }
    }
}
