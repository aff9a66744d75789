using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// Lets a number of participants begin something together, and end it together. It can be used again and again.
/// Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// Under <c>name/waiters/</c> each participant has a key. The one that completes the number puts <c>name/ready</c> in
/// the same transaction, whose revision names the round. Nobody enters while a round lasts: it ends, and the key goes,
/// when all of its waiters have gone. So a round has never more participants than the number, and a fast one cannot
/// lap a slow one.
/// </para>
/// <para>
/// A participant whose session ends counts as gone: before the round begins, another has to come in its place; after
/// that, the others do not wait for it. All who use a name must agree on the number.
/// </para>
/// </remarks>
public sealed class DistributedDoubleBarrier
{
    private readonly CoordinationSession _session;
    private readonly int _participants;
    private readonly string _waitersPrefix;
    private readonly KeyRange _all;
    private readonly KeyRange _ready;
    private readonly KeyRange _waiters;

    /// <summary>Names a double barrier.</summary>
    /// <param name="session">Under whose lease the places are.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="participants">How many enter and leave together; the same for all who use the name.</param>
    public DistributedDoubleBarrier(CoordinationSession session, string name, int participants)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(participants);
        _session = session;
        _participants = participants;
        _waitersPrefix = $"{name}/waiters/";
        _all = KeyRange.Prefix($"{name}/");
        _ready = KeyRange.Single($"{name}/ready");
        _waiters = KeyRange.Prefix(_waitersPrefix);
    }

    /// <summary>Enters, and waits until as many have entered as there are participants.</summary>
    /// <param name="cancellationToken">
    /// Gives up the place; it is deleted in the background, with the session's end at the latest. If the barrier was
    /// full in that moment, the others have begun and count this participant as one that has left.
    /// </param>
    /// <returns>The place, held until it is left, disposed or lost.</returns>
    /// <exception cref="SessionLostException">The session is lost; this participant is not in.</exception>
    /// <exception cref="NotHeldException">Somebody deleted the key of this participant; it may enter again.</exception>
    /// <exception cref="CoordException">The store refused for a reason that does not pass.</exception>
    public async ValueTask<BarrierEntry> EnterAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _session.ThrowIfLost();
        string key = _session.ClaimKey(_waitersPrefix);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _session.Lost);
        try
        {
            KeyRange own = new(Encoding.UTF8.GetBytes(key));
            Revision created = await TakePlaceAsync(own, stop.Token).ConfigureAwait(false);
            (Revision round, Revision seen) = await WaitUntilFullAsync(key, own, created, stop.Token)
                .ConfigureAwait(false);
            _session.ThrowIfLost();
            return new(this, _session, new(key, created, seen), round);
        }
        catch (Exception reason)
        {
            _session.Abandon(key, mayAppear: true);
            if (reason is LeaseNotFoundException)
                _session.OnLeaseNotFound();
            if (reason is OperationCanceledException)
                cancellationToken.ThrowIfCancellationRequested();
            if (reason is OperationCanceledException or LeaseNotFoundException or NotHeldException)
                _session.ThrowIfLost();
            throw;
        }
    }

    /// <summary>Waits until everybody of a round has gone, and ends the round.</summary>
    internal async Task WaitUntilEmptyAsync(Revision round, CancellationToken cancellationToken)
    {
        Transaction look = Transaction.Of(Operation.Get(_ready), Operation.Get(_waiters, new() { Limit = 1 }));
        while (true)
        {
            TransactionResult now = await CommitAsync(look, cancellationToken).ConfigureAwait(false);
            if (now.Results[0].Get?.First?.CreateRevision != round)
                return; // Somebody has ended the round; who waits there now waits for the next one.

            if (now.Results[1].Get?.First is not { } waiter)
            {
                await EndRoundAsync(round, cancellationToken).ConfigureAwait(false);
                return;
            }

            await WaitForDeletionAsync(new(waiter.Key), now.Revision, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Puts the own key, and with the last one the key that lets all in.</summary>
    private async Task<Revision> TakePlaceAsync(KeyRange own, CancellationToken cancellationToken)
    {
        Transaction look = Transaction.Of(
            Operation.Get(own), Operation.Get(_ready), Operation.Get(_waiters, new() { KeysOnly = true }));
        while (true)
        {
            TransactionResult now = await CommitAsync(look, cancellationToken).ConfigureAwait(false);
            if (now.Results[0].Get?.First is { } mine)
                return mine.CreateRevision; // An earlier try whose answer was lost.

            GetResult waiters = now.Results[2].Get!;
            if (now.Results[1].Get?.First is { } ready)
            {
                if (waiters.Count == 0)
                    await EndRoundAsync(ready.CreateRevision, cancellationToken).ConfigureAwait(false);
                else
                    await WaitForDeletionAsync(_all, now.Revision, cancellationToken).ConfigureAwait(false);
                continue;
            }

            TransactionResult entered = await CommitAsync(Enter(own, waiters), cancellationToken).ConfigureAwait(false);
            if (entered.Succeeded)
                return entered.Revision;
        }
    }

    /// <summary>Enters if nobody else has come since the look; whoever has gone since then counts as in.</summary>
    private Transaction Enter(KeyRange own, GetResult waiters)
    {
        PutOperation place = Operation.Put(own.Key, default, new() { Lease = _session.Lease });
        PutOperation ready = Operation.Put(_ready.Key, default);
        return Transaction
            .If(
                Comparison.Missing(own),
                Comparison.Missing(_ready),
                Comparison.OfModRevision(_waiters, ComparisonOperator.Less, waiters.Revision.Next))
            .Then(waiters.Count + 1 < _participants ? [place] : [place, ready]);
    }

    private async Task<(Revision Round, Revision Seen)> WaitUntilFullAsync(
        string key, KeyRange own, Revision created, CancellationToken cancellationToken)
    {
        Transaction look = Transaction
            .If(Comparison.OfCreateRevision(own, ComparisonOperator.Equal, created))
            .Then(Operation.Get(_ready));
        while (true)
        {
            TransactionResult now = await CommitAsync(look, cancellationToken).ConfigureAwait(false);
            if (!now.Succeeded)
            {
                await _session.ProbeAsync(cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                throw new NotHeldException(key);
            }

            // The key is there and so is the place: the round cannot have ended in between.
            if (now.Results[0].Get?.First is { } ready)
                return (ready.CreateRevision, now.Revision);

            bool Ends(WatchEvent change) => change.Kind is WatchEventKind.Put
                ? change.KeyValue.Key.Span.SequenceEqual(_ready.Key.Span)
                : change.KeyValue.Key.Span.SequenceEqual(own.Key.Span);
            await KeyChanges.WaitAsync(_session.Store, _all, now.Revision, Ends, _session.Clock, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task EndRoundAsync(Revision round, CancellationToken cancellationToken)
    {
        Transaction end = Transaction
            .If(
                Comparison.Missing(_waiters),
                Comparison.OfCreateRevision(_ready, ComparisonOperator.Equal, round))
            .Then(Operation.Delete(_ready));
        await CommitAsync(end, cancellationToken).ConfigureAwait(false);
    }

    private Task WaitForDeletionAsync(KeyRange key, Revision seen, CancellationToken cancellationToken) =>
        KeyChanges.WaitAsync(
            _session.Store,
            key,
            seen,
            static change => change.Kind is WatchEventKind.Delete,
            _session.Clock,
            cancellationToken);

    private ValueTask<TransactionResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken) =>
        StoreRetry.UntilAnsweredAsync(
            stop => _session.Store.CommitAsync(transaction, stop), _session.Clock, cancellationToken);
}
