using System.Text;
using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Raft;
using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Agent;

/// <summary>
/// Writes what the slots of a node say, the last word of each, many in one transaction. One loop; thread-safe.
/// </summary>
/// <remarks>A slot never waits for it. Statuses carry the node's lease and end with it.</remarks>
internal sealed class StatusWriter(CoordinationSession session, SchedulerKeys keys, TimeProvider clock)
{
    private const int MaxBatch = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]?> _waiting = [];
    private readonly Signal _signal = new();

    /// <summary>Queues a slot's status in the place of one that still waits.</summary>
    public void Set(SlotStatus status) =>
        Queue(
            keys.Status(status.Node, status.Slot),
            SchedulerJson.Write(SlotStatusValue.Of(status), SchedulerJson.Default.SlotStatusValue));

    /// <summary>Queues that a slot is gone.</summary>
    public void Remove(NodeName node, SlotId slot) => Queue(keys.Status(node, slot), null);

    /// <summary>Writes until the session is lost.</summary>
    public async Task RunAsync()
    {
        while (!session.IsLost)
        {
            Task change = _signal.Next;
            KeyValuePair<string, byte[]?>[] batch = Take();
            try
            {
                if (batch.Length == 0)
                    await change.WaitAsync(session.Lost).ConfigureAwait(false);
                else
                    await session.Store.CommitAsync(Write(batch), session.Lost).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is LeaseNotFoundException or OperationCanceledException)
            {
                // The statuses have ended with the lease, or are about to.
                if (failure is LeaseNotFoundException || session.IsLost)
                    return;
            }
            catch (CoordException)
            {
                PutBack(batch);
                await Task.Delay(StoreRetry.Pause, clock, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Queue(string key, byte[]? value)
    {
        lock (_lock)
            _waiting[key] = value;
        _signal.Set();
    }

    private KeyValuePair<string, byte[]?>[] Take()
    {
        lock (_lock)
        {
            KeyValuePair<string, byte[]?>[] batch = [.. _waiting.Take(MaxBatch)];
            foreach ((string key, _) in batch)
                _waiting.Remove(key);
            return batch;
        }
    }

    /// <summary>What came meanwhile is newer.</summary>
    private void PutBack(KeyValuePair<string, byte[]?>[] batch)
    {
        lock (_lock)
        {
            foreach ((string key, byte[]? value) in batch)
                _waiting.TryAdd(key, value);
        }
    }

    private Transaction Write(KeyValuePair<string, byte[]?>[] batch)
    {
        var options = new PutOptions { Lease = session.Lease };
        return Transaction.Of(
        [
            .. batch.Select(entry => entry.Value is { } value
                ? (Operation)Operation.Put(Encoding.UTF8.GetBytes(entry.Key), value, options)
                : Operation.Delete(KeyRange.Single(entry.Key))),
        ]);
    }
}
