using System.Text;

namespace Coord.Kv.Coordination;

/// <summary>One acquisition: puts a key into a line and waits for its turn. Used once, by one caller.</summary>
/// <remarks>
/// Always true: when it ends without a turn, its key is deleted or the session has been told to do so. When it ends
/// with one, the key was there, with the lease, at the very revision at which it was its turn: the look at the others
/// and at the own key is one transaction (etcd #11456 returned locks whose lease had ended while they waited).
/// </remarks>
internal sealed class LineWaiter
{
    private readonly CoordinationSession _session;
    private readonly Line _line;
    private readonly ReadOnlyMemory<byte> _value;
    private readonly string _name;
    private readonly byte[] _key;
    private Revision _created;
    private Revision _seen;
    private bool _mayAppear = true;

    private LineWaiter(CoordinationSession session, Line line, ReadOnlyMemory<byte> value)
    {
        _session = session;
        _line = line;
        _value = value;
        _name = session.ClaimKey(line.KeyPrefix);
        _key = Encoding.UTF8.GetBytes(_name);
    }

    /// <summary>Waits for the turn.</summary>
    /// <exception cref="SessionLostException">The session was lost before.</exception>
    /// <exception cref="NotHeldException">Somebody deleted the key.</exception>
    public static async Task<Turn> WaitAsync(
        CoordinationSession session, Line line, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        (await RunAsync(session, line, value, isPatient: true, cancellationToken).ConfigureAwait(false))!;

    /// <summary>Waits for the turn for a limited time; if that is zero, takes it only if nobody is in line.</summary>
    /// <returns>Null if the time was over first.</returns>
    public static async Task<Turn?> TryWaitAsync(
        CoordinationSession session,
        Line line,
        ReadOnlyMemory<byte> value,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
            return await WaitAsync(session, line, value, cancellationToken).ConfigureAwait(false);

        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        if (timeout == TimeSpan.Zero)
            return await RunAsync(session, line, value, isPatient: false, cancellationToken).ConfigureAwait(false);

        using CancellationTokenSource time = new(timeout, session.Clock);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            return await RunAsync(session, line, value, isPatient: true, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private static async Task<Turn?> RunAsync(
        CoordinationSession session,
        Line line,
        ReadOnlyMemory<byte> value,
        bool isPatient,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        session.ThrowIfLost();
        LineWaiter waiter = new(session, line, value);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Lost);
        try
        {
            Turn? turn = await waiter.RunAsync(isPatient, stop.Token).ConfigureAwait(false);
            if (turn is null && waiter._created.IsZero)
                session.FreeKey(waiter._name); // The store said that it was not put.
            else if (turn is null)
                session.Abandon(waiter._name, waiter._mayAppear);
            return turn;
        }
        catch (Exception reason)
        {
            session.Abandon(waiter._name, waiter._mayAppear);
            if (reason is LeaseNotFoundException)
                session.OnLeaseNotFound();
            if (reason is OperationCanceledException)
                cancellationToken.ThrowIfCancellationRequested();
            if (reason is OperationCanceledException or LeaseNotFoundException or NotHeldException)
                session.ThrowIfLost();
            throw;
        }
    }

    private async Task<Turn?> RunAsync(bool isPatient, CancellationToken cancellationToken)
    {
        bool isAtOnce = !isPatient && _line.Occupied is not null;
        Blocker? blocker = await EnterAsync(isAtOnce, cancellationToken).ConfigureAwait(false);
        if (_created.IsZero || (blocker is not null && !isPatient))
            return null;

        if (blocker is not null)
        {
            while (blocker is not null)
            {
                await KeyChanges.WaitAsync(
                    _session.Store, blocker.Range, _seen, blocker.Ends, _session.Clock, cancellationToken)
                    .ConfigureAwait(false);
                blocker = await LookAsync(cancellationToken).ConfigureAwait(false);
            }

            if (_line.AnnouncesTurn)
                await AnnounceAsync(cancellationToken).ConfigureAwait(false);
        }

        // By the local clock too: an answer that took longer than the lease's time is worth nothing.
        _session.ThrowIfLost();
        return new(_name, _created, _seen);
    }

    /// <summary>Puts the key and looks, in one transaction. Sent twice it does no harm.</summary>
    private async Task<Blocker?> EnterAsync(bool isAtOnce, CancellationToken cancellationToken)
    {
        KeyRange own = new(_key);
        List<Comparison> conditions = [Comparison.Missing(own)];
        if (isAtOnce && _line.Occupied is { } occupied)
            conditions.Add(Comparison.Missing(occupied));
        PutOperation put = Operation.Put(_key, _value, new() { Lease = _session.Lease });
        Transaction enter = Transaction.If(conditions)
            .Then([put, .. _line.Reads(Revision.Zero)])
            .Else(Operation.Get(own));
        TransactionResult entered = await CommitAsync(enter, cancellationToken).ConfigureAwait(false);
        _mayAppear = false;
        _seen = entered.Revision;
        if (entered.Succeeded)
        {
            _created = entered.Revision;
            return _line.FindBlocker(Gets(entered.Results.Skip(1)), _key);
        }

        // Not there: somebody is in line. There: an earlier try did happen, or another user of the lease is us.
        if (entered.Results[0].Get?.First is not { } mine)
            return isAtOnce ? null : throw new NotHeldException(_name);

        _created = mine.CreateRevision;
        return await LookAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<Blocker?> LookAsync(CancellationToken cancellationToken)
    {
        Transaction look = Transaction.If(IsMine()).Then(_line.Reads(_created));
        TransactionResult seen = await CommitAsync(look, cancellationToken).ConfigureAwait(false);
        if (!seen.Succeeded)
            await ThrowGoneAsync(cancellationToken).ConfigureAwait(false);
        _seen = seen.Revision;
        return _line.FindBlocker(Gets(seen.Results), _key);
    }

    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        PutOperation again = Operation.Put(_key, _value, new() { Lease = _session.Lease });
        TransactionResult put = await CommitAsync(Transaction.If(IsMine()).Then(again), cancellationToken)
            .ConfigureAwait(false);
        if (!put.Succeeded)
            await ThrowGoneAsync(cancellationToken).ConfigureAwait(false);
        _seen = put.Revision;
    }

    private async Task ThrowGoneAsync(CancellationToken cancellationToken)
    {
        // With its lease, or by somebody's hand? The session shall know.
        await _session.ProbeAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        throw new NotHeldException(_name);
    }

    private Comparison IsMine() =>
        Comparison.OfCreateRevision(new(_key), ComparisonOperator.Equal, _created);

    private ValueTask<TransactionResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken) =>
        StoreRetry.UntilAnsweredAsync(
            stop => _session.Store.CommitAsync(transaction, stop), _session.Clock, cancellationToken);

    private static List<GetResult> Gets(IEnumerable<OperationResult> results) =>
        [.. results.Select(result => result.Get!)];
}
