using System.Text;
using System.Threading.Channels;
using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Raft;
using Coord.Scheduling.Agent;
using Coord.Scheduling.Diagnostics;
using Coord.Scheduling.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Scheduling.Reconciler;

/// <summary>
/// Plans for the whole cluster while it leads: compares what is wanted with what is, and writes what has to change.
/// Every node has one; one of them leads.
/// </summary>
/// <remarks>
/// Leadership is a key with a lease. Every transaction compares that it is still there, so one who was deposed writes
/// nothing, whatever he believes.
/// </remarks>
public sealed class SchedulerReconciler
{
    private const int MaxBatch = 24;
    private const int MaxWaiting = 4096;

    private readonly IKeyValueStore _store;
    private readonly ReconcilerOptions _options;
    private readonly SchedulerKeys _keys;
    private readonly ILogger _log;
    private PlanningStep? _step;

    /// <summary>Initializes a reconciler; <see cref="RunAsync"/> makes it work.</summary>
    /// <param name="store">The store: the embedded one, or a client of a cluster.</param>
    /// <param name="options">How to plan.</param>
    /// <param name="logger">Where to log; nowhere if null.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public SchedulerReconciler(IKeyValueStore store, ReconcilerOptions options, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        _store = store;
        _options = options;
        _keys = new(options.Prefix);
        _log = logger ?? NullLogger.Instance;
    }

    /// <summary>Gets the newest plan that this node has made while it leads; null if it does not lead.</summary>
    public PlacementPlan? LastPlan => Volatile.Read(ref _step)?.LastPlan;

    /// <summary>Waits to lead, plans while it does, and again, until it is cancelled.</summary>
    /// <param name="stopping">Ends it.</param>
    /// <returns>A task that ends without an exception.</returns>
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
                {
                    using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, session.Lost);
                    long epoch = await LeadAsync(session, end.Token).ConfigureAwait(false);
                    Log.Leads(_log, _options.Node, epoch);
                    await PlanAsync(epoch, end.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                // Stopping, or the lease was lost: somebody else leads.
            }
            catch (CoordException failure)
            {
                // The watch ended, or was compacted away. Everything is read anew.
                Log.PlanningInterrupted(_log, _options.Node, failure);
            }
            finally
            {
                Volatile.Write(ref _step, null);
            }
        }
    }

    /// <summary>Waits until the key of leadership is free, and takes it. Returns the epoch.</summary>
    private async Task<long> LeadAsync(CoordinationSession session, CancellationToken cancellationToken)
    {
        KeyRange key = KeyRange.Single(_keys.Leader);
        Transaction take = Transaction.If(Comparison.Missing(key))
            .Then(Operation.Put(
                Encoding.UTF8.GetBytes(_keys.Leader),
                Encoding.UTF8.GetBytes($"{{\"node\":\"{_options.Node}\"}}"),
                new() { Lease = session.Lease }))
            .Else(Operation.Get(key));
        while (true)
        {
            TransactionResult result = await StoreRetry.UntilAnsweredAsync(
                token => _store.CommitAsync(take, token), _options.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
            if (result.Succeeded)
                return result.Revision.Value;
            if (result.Results[0].Get!.First is not { } present)
                continue;

            // An earlier try may have happened although its answer was lost.
            if (present.Lease == session.Lease)
                return present.CreateRevision.Value;
            await foreach (WatchBatch batch in _store.WatchAsync(
                key, new() { StartRevision = result.Revision.Next, SkipPuts = true }, cancellationToken)
                .ConfigureAwait(false))
            {
                break;
            }
        }
    }

    /// <summary>Plans until it is cancelled, or the watch ends with an exception.</summary>
    private async Task PlanAsync(long epoch, CancellationToken cancellationToken)
    {
        ClusterView view = new(_keys, problem => Log.Unreadable(_log, problem));
        GetResult state = await _store.GetPrefixAsync(_keys.Prefix, null, cancellationToken).ConfigureAwait(false);
        view.Load(state);
        PlanningStep step = new(_options, _keys, view);
        Volatile.Write(ref _step, step);

        // Bounded: a planner that is behind makes the watch wait, which reads from history then.
        Channel<WatchBatch> changes = Channel.CreateBounded<WatchBatch>(MaxWaiting);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watch = WatchAsync(state.Revision.Next, changes.Writer, stop.Token);
        try
        {
            while (true)
            {
                (List<SlotWrite> writes, TimeSpan? again) = step.Decide(_options.TimeProvider.GetTimestamp());
                long written = await WriteAsync(epoch, writes, cancellationToken).ConfigureAwait(false);
                TimeSpan? pause = written < 0 ? StoreRetry.Pause : again;
                await NextAsync(view, changes.Reader, written, pause, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(Revision from, ChannelWriter<WatchBatch> changes, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (WatchBatch batch in _store.WatchPrefixAsync(
                _keys.Prefix, new() { StartRevision = from }, cancellationToken).ConfigureAwait(false))
            {
                await changes.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            }

            changes.TryComplete();
        }
        catch (Exception failure)
        {
            changes.TryComplete(failure);
            throw;
        }
    }

    /// <summary>Waits for a change, or for a time, and until what was written has been seen.</summary>
    private async Task NextAsync(
        ClusterView view,
        ChannelReader<WatchBatch> changes,
        long written,
        TimeSpan? pause,
        CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer? timer = pause is { } time
            ? _options.TimeProvider.CreateTimer(
                static source => ((CancellationTokenSource)source!).Cancel(), timeout, time, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            bool matters = false;
            while (!matters || view.Revision < written)
            {
                matters |= Apply(view, await changes.ReadAsync(timeout.Token).ConfigureAwait(false));
                while (changes.TryRead(out WatchBatch? more))
                    matters |= Apply(view, more);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing has changed, and it is time for another look.
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static bool Apply(ClusterView view, WatchBatch batch)
    {
        bool matters = false;
        foreach (WatchEvent change in batch.Events)
            matters |= view.Apply(change);
        return matters;
    }

    /// <summary>
    /// Writes, several slots in a transaction. Returns the revision of the last; -1 where something was not as it was
    /// seen: another look is needed.
    /// </summary>
    private async Task<long> WriteAsync(long epoch, List<SlotWrite> writes, CancellationToken cancellationToken)
    {
        long last = 0;
        bool isBehind = false;
        foreach (SlotWrite[] batch in writes.Chunk(MaxBatch))
        {
            TransactionResult result = await CommitAsync(epoch, batch, cancellationToken).ConfigureAwait(false);
            if (result.Succeeded)
            {
                last = result.Revision.Value;
                continue;
            }

            // One slot that is not as it was seen must not keep the others waiting.
            isBehind = true;
            foreach (SlotWrite write in batch.Length > 1 ? batch : [])
            {
                TransactionResult single =
                    await CommitAsync(epoch, [write], cancellationToken).ConfigureAwait(false);
                last = single.Succeeded ? single.Revision.Value : last;
            }
        }

        return isBehind ? -1 : last;
    }

    private Task<TransactionResult> CommitAsync(long epoch, SlotWrite[] writes, CancellationToken cancellationToken)
    {
        Comparison leads = Comparison.OfCreateRevision(
            KeyRange.Single(_keys.Leader), ComparisonOperator.Equal, new(epoch));
        Transaction transaction = Transaction
            .If([leads, .. writes.SelectMany(write => write.Conditions)])
            .Then([.. writes.SelectMany(write => write.Operations)]);
        return StoreRetry.UntilAnsweredAsync(
            token => _store.CommitAsync(transaction, token), _options.TimeProvider, cancellationToken);
    }
}
