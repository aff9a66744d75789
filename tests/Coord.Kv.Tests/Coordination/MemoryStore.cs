using System.Runtime.CompilerServices;
using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>
/// A store in memory with leases on a clock that tests move, that can be out of reach, and whose answers can wait for a
/// <see cref="Schedule"/>. Thread-safe.
/// </summary>
internal sealed class MemoryStore(FakeTimeProvider clock, Schedule? schedule = null) : IKeyValueStore
{
    private readonly Lock _lock = new();
    private readonly MemoryState _state = new();
    private readonly Dictionary<LeaseId, ITimer> _expiries = [];
    private readonly List<KeyRange> _watches = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets or sets what is thrown instead of a call, by its name; null to let it happen.</summary>
    public Func<string, Exception?>? Before { get; set; }

    /// <summary>Gets or sets what becomes of the answer of a call that has happened.</summary>
    public Func<string, Exception?>? After { get; set; }

    public List<string> Keys
    {
        get
        {
            lock (_lock)
                return [.. _state.Keys.Select(keyValue => keyValue.KeyString)];
        }
    }

    /// <summary>Gets the ranges that are being watched.</summary>
    public List<string> Watches
    {
        get
        {
            lock (_lock)
                return [.. _watches.Select(range => range.ToString())];
        }
    }

    public ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync("get", () => _state.Get(range, options), cancellationToken);

    public ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default) =>
        CallAsync(
            "put",
            () => _state.Commit(Transaction.Of(Operation.Put(key, value, options))).Results[0].Put!,
            cancellationToken);

    public ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "delete",
            () => _state.Commit(Transaction.Of(Operation.Delete(range, options))).Results[0].Delete!,
            cancellationToken);

    public ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default) =>
        CallAsync("commit", () => _state.Commit(transaction), cancellationToken);

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range,
        WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new();
        long next;
        lock (_lock)
        {
            next = options.StartRevision.IsZero ? _state.Revision.Value + 1 : options.StartRevision.Value;
            _watches.Add(range);
        }

        try
        {
            while (true)
            {
                List<WatchEvent> changes = await NextAsync(range, next, options, cancellationToken);
                next = changes[^1].Revision.Value + 1;
                yield return new(changes[^1].Revision, changes);
            }
        }
        finally
        {
            lock (_lock)
                _watches.Remove(range);
        }
    }

    public ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            "compact",
            () =>
            {
                _state.Compact(revision.Value);
                return _state.Revision;
            },
            cancellationToken);

    public ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default) =>
        CallAsync(
            "grant",
            () =>
            {
                LeaseId lease = _state.Grant(timeToLive);
                _expiries[lease] = clock.CreateTimer(_ => Expire(lease), null, timeToLive, Timeout.InfiniteTimeSpan);
                return new LeaseGrant(lease, timeToLive, _state.Revision);
            },
            cancellationToken);

    public ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        CallAsync(
            "revoke",
            () => Revoke(id) ? _state.Revision : throw new LeaseNotFoundException(id),
            cancellationToken);

    public ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        CallAsync(
            "keepalive",
            () =>
            {
                TimeSpan timeToLive = _state.TimeToLive(id);
                _expiries[id].Change(timeToLive, Timeout.InfiniteTimeSpan);
                return timeToLive;
            },
            cancellationToken);

    public ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Ends a lease at once, as if its time were over.</summary>
    public void Expire(LeaseId lease) => Change(() => Revoke(lease));

    private bool Revoke(LeaseId lease)
    {
        if (_expiries.Remove(lease, out ITimer? timer))
            timer.Dispose();
        return _state.Revoke(lease);
    }

    private ValueTask<T> CallAsync<T>(string name, Func<T> call, CancellationToken cancellationToken)
    {
        if (schedule is not null)
            return new(schedule.RunAsync(() => Call(name, call), cancellationToken));

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(Call(name, call));
        }
        catch (OperationCanceledException)
        {
            // A call that is never answered.
            TaskCompletionSource<T> never = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(never.Task.WaitAsync(cancellationToken));
        }
        catch (CoordException refused)
        {
            return ValueTask.FromException<T>(refused);
        }
    }

    private T Call<T>(string name, Func<T> call)
    {
        if (Before?.Invoke(name) is { } refusal)
            throw refusal;
        T answer = Change(call);
        return After?.Invoke(name) is { } loss ? throw loss : answer;
    }

    private T Change<T>(Func<T> change)
    {
        TaskCompletionSource changed;
        T result;
        lock (_lock)
        {
            Revision before = _state.Revision;
            result = change();
            if (_state.Revision == before)
                return result;
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
        return result;
    }

    private async Task<List<WatchEvent>> NextAsync(
        KeyRange range, long from, WatchOptions options, CancellationToken cancellationToken)
    {
        if (schedule is not null)
        {
            return await schedule.RunAsync(
                () => Changes(range, from, options, oneRevision: true), cancellationToken, IsReady);
        }

        while (true)
        {
            Task changed;
            lock (_lock)
                changed = _changed.Task;
            List<WatchEvent> changes = Changes(range, from, options, oneRevision: false);
            if (changes.Count > 0)
                return changes;
            await changed.WaitAsync(cancellationToken);
        }

        bool IsReady()
        {
            try
            {
                return Changes(range, from, options, oneRevision: true).Count > 0;
            }
            catch (CompactedException)
            {
                return true;
            }
        }
    }

    private List<WatchEvent> Changes(KeyRange range, long from, WatchOptions options, bool oneRevision)
    {
        lock (_lock)
            return _state.Changes(range, from, options, oneRevision);
    }
}
