using System.Runtime.CompilerServices;
using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>An election among processes: one leads, the others wait in line, all can watch. Thread-safe.</summary>
/// <remarks>
/// The keys are those of etcd's recipe: <c>etcdctl elect</c> and this stand in one election. The leader is whoever has
/// the oldest key at a revision; that two processes never believe to lead at the same time is not guaranteed, as for
/// <see cref="DistributedLock"/>: use the <see cref="CoordinationHandle.FencingToken"/>, which grows with every leader.
/// </remarks>
public sealed class LeaderElection
{
    private readonly IKeyValueStore _store;
    private readonly CoordinationSessionOptions _options;
    private readonly PredecessorLine _line;
    private readonly KeyRange _candidates;

    /// <summary>Names an election.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="options">For the sessions of <see cref="RunAsync"/>, and the clock.</param>
    /// <exception cref="ArgumentException">The name is empty, or an option makes no sense.</exception>
    public LeaderElection(IKeyValueStore store, string name, CoordinationSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _store = store;
        _options = options ?? new();
        _options.Validate(nameof(options));
        _line = new($"{name}/", $"{name}/");
        _candidates = KeyRange.Prefix($"{name}/");
    }

    /// <summary>Stands for election and waits to win it.</summary>
    /// <param name="session">Under whose lease it leads.</param>
    /// <param name="value">What observers shall see, such as an address.</param>
    /// <param name="cancellationToken">Withdraws, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The leadership, held until it is given up or lost.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public async ValueTask<Leadership> CampaignAsync(
        CoordinationSession session, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new(session, await LineWaiter.WaitAsync(session, _line, value, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc cref="CampaignAsync(CoordinationSession, ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask<Leadership> CampaignAsync(
        CoordinationSession session, string value, CancellationToken cancellationToken = default) =>
        CampaignAsync(session, Encoding.UTF8.GetBytes(value), cancellationToken);

    /// <summary>Runs something in one process at a time: campaigns, leads, and campaigns again after a loss.</summary>
    /// <param name="value">What observers shall see, such as an address.</param>
    /// <param name="lead">
    /// What to do while leading. Its token is cancelled when the leadership is lost or the call is cancelled. The lease
    /// is released only after this has returned: the next leader never begins while this one winds up, unless that
    /// takes longer than the lease lives.
    /// </param>
    /// <param name="cancellationToken">Ends the leadership or the candidacy.</param>
    /// <returns>
    /// When <paramref name="lead"/> has returned by itself. If its token was cancelled before, it is run again after
    /// the next victory.
    /// </returns>
    /// <exception cref="OperationCanceledException">
    /// The call was cancelled; <paramref name="lead"/> has returned.
    /// </exception>
    /// <exception cref="CoordException">The store refused for a reason that does not pass.</exception>
    /// <remarks>
    /// What <paramref name="lead"/> throws ends the call, after the leadership was given up. While the store is out of
    /// reach it keeps trying.
    /// </remarks>
    public async Task RunAsync(
        ReadOnlyMemory<byte> value,
        Func<Leadership, CancellationToken, Task> lead,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lead);
        while (true)
        {
            CoordinationSession session = await StoreRetry.UntilAnsweredAsync(
                stop => CoordinationSession.CreateAsync(_store, _options, stop),
                _options.TimeProvider,
                cancellationToken).ConfigureAwait(false);
            await using (session.ConfigureAwait(false))
            {
                Leadership? leadership = await TryCampaignAsync(session, value, cancellationToken)
                    .ConfigureAwait(false);
                bool isDone = leadership is not null
                    && await LeadAsync(leadership, lead, cancellationToken).ConfigureAwait(false);
                if (isDone)
                    return;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Reads who leads.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The leader's key: its value, its lease, and its create revision, which is the fencing token. Null if nobody
    /// stands.
    /// </returns>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public async ValueTask<KeyValue?> GetLeaderAsync(CancellationToken cancellationToken = default)
    {
        GetResult first = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return first.First;
    }

    /// <summary>Follows who leads and what the leader proclaims: first the present state, then the changes.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>
    /// The leader's key, as <see cref="GetLeaderAsync"/> returns it, or null while nobody stands. It goes on until it
    /// is cancelled. A state that lasted only for a moment may be left out; the newest always comes.
    /// </returns>
    /// <exception cref="ObjectDisposedException">While enumerating: the store was stopped.</exception>
    /// <exception cref="CoordException">
    /// While enumerating: the store refused for a reason that does not pass.
    /// </exception>
    public async IAsyncEnumerable<KeyValue?> ObserveAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        KeyValue? last = null;
        bool isFirst = true;
        while (true)
        {
            GetResult now = await StoreRetry.UntilAnsweredAsync(ReadAsync, _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
            KeyValue? leader = now.First;
            if (isFirst || !Equals(last, leader))
                yield return leader;
            (last, isFirst) = (leader, false);

            // Candidates come and go without changing anything: only the leader's own key is watched.
            KeyRange watched = leader is null ? _candidates : new(leader.Key);
            await KeyChanges.WaitAsync(
                _store, watched, now.Revision, static _ => true, _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static async Task<bool> LeadAsync(
        Leadership leadership, Func<Leadership, CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        await using (leadership.ConfigureAwait(false))
        {
            using CancellationTokenSource stop =
                CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leadership.Lost);
            try
            {
                await lead(leadership, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }

            return !stop.IsCancellationRequested;
        }
    }

    private async Task<Leadership?> TryCampaignAsync(
        CoordinationSession session, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        try
        {
            return await CampaignAsync(session, value, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordException lost) when (lost is SessionLostException or NotHeldException)
        {
            await StoreRetry.PauseAsync(_options.TimeProvider, cancellationToken).ConfigureAwait(false);
            return null;
        }
    }

    private ValueTask<GetResult> ReadAsync(CancellationToken cancellationToken) => _store.GetAsync(
        _candidates,
        new() { SortBy = SortTarget.CreateRevision, SortOrder = SortOrder.Ascending, Limit = 1 },
        cancellationToken);
}
