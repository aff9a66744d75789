using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// Something held: a lock, a permit, a place in a barrier, a leadership. Dispose it to let go. Thread-safe.
/// </summary>
/// <remarks>
/// It is held from the moment that its key had its turn until its key is deleted: by a release, by the end of the
/// session's lease, or by somebody's hand. Only the store knows that moment, so holding is no mutual exclusion of what
/// is done elsewhere: see <see cref="FencingToken"/>, and <see cref="Held"/> for what is done in the store.
/// </remarks>
public class CoordinationHandle : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _letGo = new();
    private readonly CancellationTokenRegistration _sessionLost;
    private readonly byte[] _key;
    private bool _isReleased;

    internal CoordinationHandle(CoordinationSession session, Turn turn)
    {
        Session = session;
        Key = turn.Key;
        CreateRevision = turn.CreateRevision;
        _key = Encoding.UTF8.GetBytes(turn.Key);
        Lost = _lost.Token;
        _sessionLost = session.Lost.UnsafeRegister(static handle => ((CoordinationHandle)handle!).Lose(), this);
        _ = WatchAsync(turn.SeenAt);
    }

    /// <summary>Gets the session under whose lease it is held.</summary>
    public CoordinationSession Session { get; }

    /// <summary>Gets the key that stands for it in the store.</summary>
    public string Key { get; }

    /// <summary>Gets the number that is greater than that of every earlier holder.</summary>
    public FencingToken FencingToken => new(CreateRevision.Value);

    /// <summary>
    /// Gets a token that is cancelled when it is lost: with the session, or because its key is gone. Letting go does
    /// not cancel it.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Gets a value indicating whether it is lost, as far as that is known here.</summary>
    /// <remarks>False is no promise: it may be lost in the next moment.</remarks>
    public bool IsLost => _lost.IsCancellationRequested || (!Volatile.Read(ref _isReleased) && Session.IsLost);

    /// <summary>
    /// Gets the condition that it is still held. In a transaction it makes sure that the operations happen while it is
    /// held, or not at all.
    /// </summary>
    public Comparison Held => Comparison.OfCreateRevision(new(_key), ComparisonOperator.Equal, CreateRevision);

    internal Revision CreateRevision { get; }

    internal ReadOnlyMemory<byte> KeyBytes => _key;

    /// <summary>Lets go, and returns when that is done. It may be called again; after a loss it does nothing.</summary>
    /// <param name="cancellationToken">Stops waiting; the session lets go in the background.</param>
    /// <exception cref="CoordException">
    /// The store cannot do it for a reason that does not pass; the session lets go in the background, or with its end.
    /// Without a quorum there is no exception: the call waits for one, or for the end of the session.
    /// </exception>
    public async ValueTask ReleaseAsync(CancellationToken cancellationToken = default)
    {
        if (!BeginLettingGo())
            return;

        Transaction delete = Transaction.If(Held).Then(Operation.Delete(new(_key)));
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Session.Lost);
        try
        {
            await StoreRetry.UntilAnsweredAsync(
                token => Session.Store.CommitAsync(delete, token), Session.Clock, stop.Token).ConfigureAwait(false);
            Session.FreeKey(Key);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The session is lost: its lease lets go.
        }
        catch
        {
            Session.Abandon(Key, mayAppear: false);
            throw;
        }
    }

    /// <summary>
    /// Lets go as <see cref="ReleaseAsync"/> does, but never throws: what cannot be done now, the session does in the
    /// background, or its end.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ReleaseAsync().ConfigureAwait(false);
        }
        catch (Exception outOfReach) when (outOfReach is not OutOfMemoryException)
        {
            // A disposal that throws hides the reason for which it was begun.
        }

        GC.SuppressFinalize(this);
    }

    private bool BeginLettingGo()
    {
        lock (_lock)
        {
            if (_isReleased)
                return false;
            _isReleased = true;
        }

        // Before the deletion, which the watch would take for a loss.
        _letGo.Cancel();
        _sessionLost.Dispose();
        return true;
    }

    private void Lose()
    {
        lock (_lock)
        {
            if (!_isReleased && !_lost.IsCancellationRequested)
                _ = _lost.CancelAsync();
        }

        _letGo.Cancel();
    }

    /// <summary>Finds out when the key is deleted: the session's keep-alives notice it later, or not at all.</summary>
    private async Task WatchAsync(Revision seen)
    {
        try
        {
            while (await IsThereAsync(seen).ConfigureAwait(false) is { } revision)
                seen = revision;
            Lose();
            await Session.ProbeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is not OutOfMemoryException)
        {
            // Let go or lost; or the store is stopped, and then the keep-alive will find that it cannot go on.
        }
    }

    /// <summary>Waits for a sign that the key may be gone, and looks.</summary>
    /// <returns>The revision at which it was there, or null if it is gone.</returns>
    private async Task<Revision?> IsThereAsync(Revision seen)
    {
        await KeyChanges.WaitAsync(
            Session.Store,
            new(_key),
            seen,
            static change => change.Kind is WatchEventKind.Delete,
            Session.Clock,
            _letGo.Token).ConfigureAwait(false);
        GetResult now = await StoreRetry.UntilAnsweredAsync(
            stop => Session.Store.GetAsync(new(_key), null, stop), Session.Clock, _letGo.Token).ConfigureAwait(false);
        return now.First?.CreateRevision == CreateRevision ? now.Revision : null;
    }
}
