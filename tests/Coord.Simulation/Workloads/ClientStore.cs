using System.Runtime.CompilerServices;
using Coord.Kv;
using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Workloads;

/// <summary>The store as a client sees it over a network: answers can be late, or never come.</summary>
/// <remarks>
/// Every call throws what the member's store throws. In addition: a member that is down refuses (nothing has happened);
/// one that dies or is silent for too long leaves the outcome unknown, and what was asked may still be done.
/// </remarks>
internal sealed class ClientStore(Actor actor) : IKeyValueStore
{
    /// <inheritdoc/>
    public ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.GetAsync(range, options, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null,
        CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.PutAsync(key, value, options, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.DeleteAsync(range, options, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.CommitAsync(transaction, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.CompactAsync(revision, options, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.GrantLeaseAsync(timeToLive, id, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.RevokeLeaseAsync(id, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.KeepLeaseAliveAsync(id, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.GetLeaseAsync(id, includeKeys, token), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default) =>
        CallAsync((store, token) => store.ListLeasesAsync(token), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range, WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SimulatedProcess process = await ReachAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<WatchBatch> batches =
            process.Store.WatchAsync(range, options, ending.Token).GetAsyncEnumerator(ending.Token);
        Task<bool>? next = null;
        try
        {
            while (true)
            {
                next = batches.MoveNextAsync().AsTask();
                if (await Task.WhenAny(next, process.Died).ConfigureAwait(false) != next)
                    throw new OutcomeUnknownException($"{process.Id} is gone.");
                if (!await next.ConfigureAwait(false))
                    yield break;

                WatchBatch batch = batches.Current;
                await HopAsync(process, cancellationToken).ConfigureAwait(false);
                yield return batch;
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            if (next is null or { IsCompleted: true })
                await batches.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Goes to a member and back, unless one of the two ways fails.</summary>
    public async ValueTask<T> AskAsync<T>(
        Func<SimulatedProcess, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken = default)
    {
        SimulatedProcess process = await ReachAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> exchange = ExchangeAsync(process, call, giveUp.Token);
        Timeout timeout = new();
        actor.World.Schedule(timeout, Span.Of(actor.Patience));
        Task first = await Task.WhenAny(exchange, process.Died, timeout.Task).WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        timeout.Cancel();
        if (first == exchange)
            return await exchange.ConfigureAwait(false);

        // A client that no longer waits tells the member so, if it still can.
        await giveUp.CancelAsync().ConfigureAwait(false);
        actor.Leave();
        throw new OutcomeUnknownException($"{process.Id} did not answer.");
    }

    private ValueTask<T> CallAsync<T>(
        Func<IKeyValueStore, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        AskAsync((process, token) => call(process.Store, token), cancellationToken);

    private async Task<T> ExchangeAsync<T>(
        SimulatedProcess process, Func<SimulatedProcess, CancellationToken, ValueTask<T>> call, CancellationToken token)
    {
        try
        {
            T answer = await call(process, token).ConfigureAwait(false);
            await HopAsync(process, token).ConfigureAwait(false);
            return answer;
        }
        catch (CoordException)
        {
            await HopAsync(process, token).ConfigureAwait(false);
            actor.Leave();
            throw;
        }
    }

    private async Task<SimulatedProcess> ReachAsync(CancellationToken cancellationToken)
    {
        SimulatedProcess? process = actor.ChooseNode().Process;
        if (process is not null)
            await HopAsync(process, cancellationToken).ConfigureAwait(false);
        if (process is { IsGone: false })
            return process;

        await actor.World.DelayAsync(actor.DrawDelay()).ConfigureAwait(false);
        actor.Leave();
        throw new NodeStoppedException("The member is down.", Outcome.DidNotHappen);
    }

    /// <summary>Goes one way; a process that is paused neither hears nor says anything.</summary>
    private async Task HopAsync(SimulatedProcess process, CancellationToken cancellationToken)
    {
        Hop hop = new(process);
        actor.World.Schedule(hop, actor.DrawDelay());
        await Task.WhenAny(hop.Task, process.Died).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed class Timeout : SimulatedEvent
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _over.Task;

        public override void Run() => _over.TrySetResult();
    }

    private sealed class Hop(SimulatedProcess process) : SimulatedEvent
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public override void Run()
        {
            if (!process.TryHoldUp(this))
                _done.TrySetResult();
        }
    }
}
