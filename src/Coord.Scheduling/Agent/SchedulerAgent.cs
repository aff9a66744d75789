using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Scheduling.Codec;
using Coord.Scheduling.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Scheduling.Agent;

/// <summary>Runs on this node what the planner assigns to it, and nothing longer than its lease allows.</summary>
/// <remarks>
/// The lease's time is counted on the local monotonic clock, from the sending of the last keep-alive that was answered.
/// Before it can end everything is stopped here, so another node that runs the same unit then is the only one. See
/// <see cref="AgentOptions"/> for the times.
/// </remarks>
public sealed class SchedulerAgent
{
    private readonly IKeyValueStore _store;
    private readonly AgentOptions _options;
    private readonly SchedulerKeys _keys;
    private readonly Dictionary<string, IUnitRunner> _runners;
    private readonly ILogger _log;
    private NodeSlots? _slots;

    /// <summary>Initializes an agent; <see cref="RunAsync"/> makes it work.</summary>
    /// <param name="store">The store: the embedded one, or a client of a cluster.</param>
    /// <param name="options">The node, and how it runs units.</param>
    /// <param name="runners">What can start units here, each name once.</param>
    /// <param name="logger">Where to log; nowhere if null.</param>
    /// <exception cref="ArgumentException">An option makes no sense, or two runners have one name.</exception>
    public SchedulerAgent(
        IKeyValueStore store, AgentOptions options, IEnumerable<IUnitRunner> runners, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(runners);
        options.Validate(nameof(options));
        _store = store;
        _options = options;
        _keys = new(options.Prefix);
        _runners = runners.ToDictionary(runner => runner.Name);
        _log = logger ?? NullLogger.Instance;
    }

    /// <summary>Returns the last lines of a slot's output, the oldest first; none if it does not run here.</summary>
    /// <param name="slot">The slot.</param>
    public IReadOnlyList<string> GetJournal(SlotId slot) => Volatile.Read(ref _slots)?.Journal(slot) ?? [];

    /// <summary>Registers the node and runs what is assigned to it, life after life, until it is cancelled.</summary>
    /// <param name="stopping">Ends it: what runs is stopped, each unit within its own grace, and given back.</param>
    /// <returns>A task that ends when nothing runs any more, without an exception.</returns>
    /// <exception cref="ObjectDisposedException">
    /// The store was stopped before. Everything was stopped then, as if the node were out of touch.
    /// </exception>
    /// <exception cref="UnitStartException">
    /// A runner cannot tell whether something of an earlier life still runs, so the node was not registered.
    /// </exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                CoordinationSession session = await StoreRetry.UntilAnsweredAsync(
                    token => CoordinationSession.CreateAsync(_store, _options.Session, token),
                    _options.TimeProvider,
                    stopping).ConfigureAwait(false);
                await using (session.ConfigureAwait(false))
                    await LiveAsync(session, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Stopping, or the session was lost before the node was registered: another life, if any.
            }
        }
    }

    /// <summary>Lives one life. Returns when nothing of it runs any more.</summary>
    private async Task LiveAsync(CoordinationSession session, CancellationToken stopping)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stopping, session.Lost);
        foreach (IUnitRunner runner in _runners.Values)
            await runner.PrepareAsync(end.Token).ConfigureAwait(false);
        long incarnation = await RegisterAsync(session, end.Token).ConfigureAwait(false);
        Log.Registered(_log, _options.Node.Name, incarnation);

        StatusWriter statuses = new(session, _keys, _options.TimeProvider);
        NodeLife life = new(session, incarnation, _options, _keys, _runners, statuses, _log);
        NodeSlots slots = new(life);
        Volatile.Write(ref _slots, slots);
        Task writing = statuses.RunAsync();
        using RunnerDeadlines deadlines = new(session, _options, _runners.Values);
        Task assignments = FollowAsync(_keys.AssignmentsOf(life.Node), slots.OnAssignments, slots.OnAssignment);
        Task stops = FollowAsync(_keys.StopsOf(life.Node), slots.OnStops, slots.OnStop);

        // Both feeds go on for as long as the life does; one that ends earlier has met what it cannot live with.
        await Task.WhenAny(assignments, stops).ConfigureAwait(false);
        if (session.IsLost)
            Log.Fenced(_log, life.Node, slots.Count);
        bool isCalm = stopping.IsCancellationRequested && !session.IsLost;
        await slots.EndAsync(isCalm ? SlotEnd.Confirm : SlotEnd.Fence).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        await Task.WhenAll(EndedAsync(assignments), EndedAsync(stops)).ConfigureAwait(false);

        Task FollowAsync(string prefix, Action<IReadOnlyList<KeyValue>> onState, Action<WatchEvent> onChange) =>
            new NodeFeed(_store, prefix, _options.TimeProvider).RunAsync(onState, onChange, end.Token);

        static async Task EndedAsync(Task feed)
        {
            try
            {
                await feed.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // That is how it ends.
            }
        }
    }

    /// <summary>
    /// Makes the node known under its lease. While an earlier life of the same name has its lease, it waits: units of
    /// that life may still run.
    /// </summary>
    private async Task<long> RegisterAsync(CoordinationSession session, CancellationToken cancellationToken)
    {
        string key = _keys.Node(_options.Node.Name);
        byte[] value = SchedulerJson.Write(_options.Node, SchedulerJson.Default.NodeSpec);
        Transaction register = Transaction.If(Comparison.Missing(KeyRange.Single(key)))
            .Then(Operation.Put(System.Text.Encoding.UTF8.GetBytes(key), value, new() { Lease = session.Lease }))
            .Else(Operation.Get(KeyRange.Single(key)));
        bool hasTold = false;
        while (true)
        {
            TransactionResult result = await StoreRetry.UntilAnsweredAsync(
                token => session.Store.CommitAsync(register, token), _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
            if (result.Succeeded)
                return result.Revision.Value;

            // An earlier try may have happened although its answer was lost.
            if (result.Results[0].Get!.First is { } present && present.Lease == session.Lease)
                return present.CreateRevision.Value;
            if (!hasTold)
                Log.NameTaken(_log, _options.Node.Name);
            hasTold = true;
            await Task.Delay(StoreRetry.Pause, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
