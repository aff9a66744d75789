using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// A lease that is kept alive, under which locks, permits, leaderships and registrations are held. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A process needs one for all that it holds, or several where things shall be lost independently. It is lost for good
/// when the store says that the lease is gone, or when no keep-alive was confirmed in time: the lease's time is counted
/// from the sending of the last confirmed keep-alive, on the local monotonic clock, less a margin. So as long as clocks
/// run at about the same speed and the process is not paused, <see cref="Lost"/> fires before anybody else can take
/// over. A paused process finds out late: what must not happen twice needs a <see cref="FencingToken"/>.
/// </para>
/// <para>
/// Without a quorum keep-alives go unanswered, so the session is lost one time to live after the last answer.
/// </para>
/// </remarks>
public sealed partial class CoordinationSession : IAsyncDisposable
{
    private const int KeepAlivesPerLife = 3;
    private const int TriesPerLife = 12;
    private const int MarginsPerLife = 10;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly ITimer _deadline;
    private readonly TimeSpan? _margin;
    private readonly Task _keepAlive;
    private long _confirmedAt;
    private TimeSpan _safeLife;
    private bool _isGone;
    private int _disposed;

    private CoordinationSession(
        IKeyValueStore store, CoordinationSessionOptions options, LeaseGrant grant, long grantSentAt)
    {
        Store = store;
        Clock = options.TimeProvider;
        Lease = grant.Id;
        TimeToLive = grant.TimeToLive;
        Lost = _lost.Token;
        _margin = options.SafetyMargin;
        _confirmedAt = grantSentAt;
        _safeLife = SafeLife(grant.TimeToLive);
        _deadline = Clock.CreateTimer(
            static session => ((CoordinationSession)session!).OnDeadline(), this, _safeLife, Timeout.InfiniteTimeSpan);
        _keepAlive = KeepAliveAsync(grantSentAt);
    }

    /// <summary>Gets the store that the lease lives in.</summary>
    public IKeyValueStore Store { get; }

    /// <summary>Gets the lease. Whoever revokes it ends the session.</summary>
    public LeaseId Lease { get; }

    /// <summary>Gets the time to live that was granted.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>Gets a token that is cancelled once, when the session is lost or disposed.</summary>
    public CancellationToken Lost { get; }

    /// <summary>
    /// Gets a value indicating whether the session is lost or disposed. It looks at the clock: after a pause it tells
    /// the truth before the timer behind <see cref="Lost"/> has run.
    /// </summary>
    public bool IsLost
    {
        get
        {
            lock (_lock)
                LoseIfTooLate_NeedsLock();
            return _lost.IsCancellationRequested;
        }
    }

    /// <summary>
    /// Gets the moment at which the session counts as lost unless a keep-alive is answered before: a timestamp of
    /// <see cref="CoordinationSessionOptions.TimeProvider"/>. It lies the safety margin before the earliest end that
    /// the lease can have, and moves on with each answer.
    /// </summary>
    public long SafeUntil
    {
        get
        {
            lock (_lock)
                return _confirmedAt + (long)(_safeLife.TotalSeconds * Clock.TimestampFrequency);
        }
    }

    internal TimeProvider Clock { get; }

    /// <summary>Grants a lease and begins to keep it alive.</summary>
    /// <param name="store">The store: the embedded one, or a client of a cluster.</param>
    /// <param name="options">How long the lease lives, and the clock.</param>
    /// <param name="cancellationToken">Gives up; a lease that was granted all the same ends by itself.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="CoordException">
    /// The lease was not granted, or that is not known; then it ends by itself. Try again.
    /// </exception>
    public static async ValueTask<CoordinationSession> CreateAsync(
        IKeyValueStore store,
        CoordinationSessionOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new();
        options.Validate(nameof(options));
        long sentAt = options.TimeProvider.GetTimestamp();
        LeaseGrant grant = await store.GrantLeaseAsync(options.TimeToLive, LeaseId.None, cancellationToken)
            .ConfigureAwait(false);
        return new(store, options, grant, sentAt);
    }

    /// <summary>Does nothing as long as the session is alive.</summary>
    /// <exception cref="SessionLostException">The session is lost or disposed.</exception>
    public void ThrowIfLost()
    {
        if (IsLost)
            throw new SessionLostException(Lease);
    }

    /// <summary>
    /// Fires <see cref="Lost"/>, then revokes the lease, which deletes all keys under it. Never throws: if the store is
    /// out of reach, the lease ends by itself. Stop what relies on the session before.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        lock (_lock)
            Lose_NeedsLock();
        await _keepAlive.ConfigureAwait(false);
        await _deadline.DisposeAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _isGone))
            return;

        // Longer than its time to live it makes no sense to try: by then it has ended by itself.
        using CancellationTokenSource tooLate = new(TimeToLive, Clock);
        try
        {
            await Store.RevokeLeaseAsync(Lease, tooLate.Token).ConfigureAwait(false);
        }
        catch (Exception outOfReach) when (outOfReach is not OutOfMemoryException)
        {
            // The lease ends by itself, and a disposal that throws hides the reason for which it was begun.
        }
    }

    /// <summary>Asks the store now whether the lease lives: something that it should have kept is gone.</summary>
    internal async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Lost);
        await TryRenewAsync(stop.Token).ConfigureAwait(false);
    }

    /// <summary>Learns from the store's answer to something else that the lease is gone.</summary>
    internal void OnLeaseNotFound()
    {
        Volatile.Write(ref _isGone, true);
        lock (_lock)
            Lose_NeedsLock();
    }

    private TimeSpan SafeLife(TimeSpan timeToLive) => timeToLive - (_margin ?? (timeToLive / MarginsPerLife));

    private async Task KeepAliveAsync(long sentAt)
    {
        TimeSpan interval = TimeToLive / KeepAlivesPerLife;
        TimeSpan wait = interval - Clock.GetElapsedTime(sentAt);
        try
        {
            while (true)
            {
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Clock, Lost).ConfigureAwait(false);
                sentAt = Clock.GetTimestamp();

                // An answer that got lost on its way shall not take the time of the next try.
                using CancellationTokenSource attempt = new(interval, Clock);
                using CancellationTokenSource stop =
                    CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, Lost);
                bool isRenewed = await TryRenewAsync(stop.Token).ConfigureAwait(false);
                wait = isRenewed ? interval - Clock.GetElapsedTime(sentAt) : TimeToLive / TriesPerLife;
            }
        }
        catch (OperationCanceledException)
        {
            // Lost or disposed: there is nothing to keep alive any more.
        }
    }

    /// <summary>Sends one keep-alive. Whatever goes wrong, there is another try until the time is over.</summary>
    private async Task<bool> TryRenewAsync(CancellationToken cancellationToken)
    {
        // From the sending on: the lease may have been renewed at any time between that and the answer.
        long sentAt = Clock.GetTimestamp();
        try
        {
            TimeSpan timeToLive =
                await Store.KeepLeaseAliveAsync(Lease, cancellationToken).ConfigureAwait(false);
            return Extend(sentAt, timeToLive);
        }
        catch (LeaseNotFoundException)
        {
            OnLeaseNotFound();
            return false;
        }
        catch (Exception unanswered) when (unanswered is not OutOfMemoryException)
        {
            return false;
        }
    }

    private bool Extend(long sentAt, TimeSpan timeToLive)
    {
        lock (_lock)
        {
            // Who looked at IsLost in between was told so: an answer that comes late does not revive.
            LoseIfTooLate_NeedsLock();
            if (_lost.IsCancellationRequested)
                return false;

            if (sentAt - _confirmedAt < 0)
                return true; // A later keep-alive was answered earlier.

            _confirmedAt = sentAt;
            _safeLife = SafeLife(timeToLive);
            SetTimer_NeedsLock();
            return true;
        }
    }

    private void OnDeadline()
    {
        lock (_lock)
        {
            LoseIfTooLate_NeedsLock();
            if (!_lost.IsCancellationRequested)
                SetTimer_NeedsLock(); // It was set for an earlier deadline.
        }
    }

    private void LoseIfTooLate_NeedsLock()
    {
        if (Clock.GetElapsedTime(_confirmedAt) >= _safeLife)
            Lose_NeedsLock();
    }

    private void SetTimer_NeedsLock()
    {
        // Timers count whole milliseconds: rounded down it would fire too early, again and again.
        TimeSpan left = _safeLife - Clock.GetElapsedTime(_confirmedAt) + TimeSpan.FromMilliseconds(1);
        _deadline.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Lose_NeedsLock()
    {
        // The token is cancelled at once; what was registered on it runs on the thread pool, outside of the lock.
        if (!_lost.IsCancellationRequested)
            _ = _lost.CancelAsync();
    }
}
