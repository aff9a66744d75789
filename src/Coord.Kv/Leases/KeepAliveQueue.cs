using Coord.Raft;

namespace Coord.Kv.Leases;

/// <summary>Lets keep-alives that wait at the same time share an entry of the log. Thread-safe.</summary>
/// <remarks>
/// One batch is under way at a time; what comes meanwhile is the next one. So however many leases are kept alive, the
/// log carries one entry for each time that it takes to commit one. A keep-alive is answered with what the log decided
/// about it: after a revocation that came first, there is no such lease.
/// </remarks>
/// <param name="renew">Renews leases by their ids: times to live in seconds, zero for those that are gone.</param>
/// <param name="maxWaiting">How many may wait; more are refused as not done.</param>
internal sealed class KeepAliveQueue(Func<List<long>, ValueTask<long[]>> renew, int maxWaiting = 65_536)
{
    private const int MaxBatch = 8192;

    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiting = [];
    private bool _isRunning;

    /// <summary>Renews a lease.</summary>
    /// <returns>Its time to live in seconds; zero if there is no such lease.</returns>
    /// <exception cref="ProposalDroppedException">Too many wait.</exception>
    public Task<long> RenewAsync(long id)
    {
        Waiter waiter = new(id, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (_waiting.Count >= maxWaiting)
                throw new ProposalDroppedException("Too many keep-alives wait at this member; try again shortly.");

            _waiting.Add(waiter);
            if (_isRunning)
                return waiter.Answer.Task;
            _isRunning = true;
        }

        _ = RunAsync();
        return waiter.Answer.Task;
    }

    private async Task RunAsync()
    {
        List<Waiter> batch = [];
        List<long> ids = [];
        while (TryTake(batch))
        {
            ids.Clear();
            foreach (Waiter waiter in batch)
                ids.Add(waiter.Id);
            await RenewAsync(batch, ids).ConfigureAwait(false);
        }
    }

    private async Task RenewAsync(List<Waiter> batch, List<long> ids)
    {
        try
        {
            long[] seconds = await renew(ids).ConfigureAwait(false);
            for (int i = 0; i < batch.Count; i++)
                batch[i].Answer.SetResult(seconds[i]);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            foreach (Waiter waiter in batch)
                waiter.Answer.TrySetException(exception);
        }
    }

    private bool TryTake(List<Waiter> batch)
    {
        batch.Clear();
        lock (_lock)
        {
            int count = Math.Min(_waiting.Count, MaxBatch);
            batch.AddRange(_waiting[..count]);
            _waiting.RemoveRange(0, count);
            _isRunning = count > 0;
            return _isRunning;
        }
    }

    private readonly record struct Waiter(long Id, TaskCompletionSource<long> Answer);
}
