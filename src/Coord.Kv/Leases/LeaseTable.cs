using System.Diagnostics;
using System.Runtime.InteropServices;
using Coord.Kv.Watches;

namespace Coord.Kv.Leases;

/// <summary>All leases, and when they end on this member. Pure; under the store's lock.</summary>
/// <remarks>
/// What commands make of it depends on the commands alone. Deadlines do not: each member counts from the moment at
/// which it applied the grant or keep-alive itself, which is after it was committed. So no member's deadline is before
/// the time that was promised, whoever leads; they decide only when an expiry is proposed, never what it does.
/// Times are <see cref="TimeSpan.Ticks"/> of a clock that never goes back.
/// </remarks>
internal sealed class LeaseTable
{
    /// <summary>What a lease counts as for the quota.</summary>
    public const long CostBytes = 256;

    /// <summary>The longest time to live.</summary>
    public const long MaxSeconds = 9_000_000_000;

    /// <summary>How often the remaining time of a long lease is written to the log: what a restart can add.</summary>
    public const long CheckpointTicks = TimeSpan.TicksPerMinute;

    // An expiry that was proposed and not seen again is proposed anew.
    private const long RetryTicks = TimeSpan.TicksPerSecond;

    private readonly Dictionary<long, Lease> _leases = [];

    // Keys whose lease is not there, as a backup may have them. If one of that id is granted, they are its keys: on
    // every member, as on one that starts from a snapshot with both.
    private readonly Dictionary<long, HashSet<byte[]>> _orphans = [];
    private readonly PriorityQueue<Lease, long> _deadlines = new();
    private readonly PriorityQueue<Lease, long> _checkpoints = new();

    public int Count => _leases.Count;

    /// <summary>Gets how many grants and renewals there were, ever.</summary>
    public long LastStamp { get; private set; }

    public long UsedBytes => _leases.Count * CostBytes;

    public bool Contains(long id) => _leases.ContainsKey(id);

    public Lease? Find(long id) => _leases.GetValueOrDefault(id);

    /// <summary>Adds a lease, unless its id is in use.</summary>
    public bool TryGrant(long id, long seconds, long now)
    {
        Lease lease = new(id, seconds);
        if (!_leases.TryAdd(id, lease))
            return false;

        if (_orphans.Remove(id, out HashSet<byte[]>? keys))
            lease.Keys = keys;
        lease.Stamp = ++LastStamp;
        StartClock(lease, now);
        return true;
    }

    /// <summary>Lets a lease live for its whole time again.</summary>
    /// <returns>That time in seconds; zero if there is no such lease.</returns>
    public long Renew(long id, long now)
    {
        if (!_leases.TryGetValue(id, out Lease? lease))
            return 0;

        lease.Stamp = ++LastStamp;
        lease.RemainingSeconds = lease.GrantedSeconds;
        lease.CheckpointAt = now + CheckpointTicks;
        if (!Mutants.RenewalKeepsDeadline)
            SetDeadline(lease, Math.Max(lease.Deadline, now + TicksOf(lease.GrantedSeconds)));
        return lease.GrantedSeconds;
    }

    /// <summary>Takes note of what a lease had left when its leader looked.</summary>
    public void Checkpoint(long id, long stamp, long remainingSeconds, long now)
    {
        if (!_leases.TryGetValue(id, out Lease? lease) || lease.Stamp != stamp)
            return; // Renewed or gone since.

        lease.RemainingSeconds = Math.Clamp(remainingSeconds, 1, lease.GrantedSeconds);
        lease.CheckpointAt = now + CheckpointTicks;

        // A member that replays its log started the whole time anew, and learns here how much has gone by.
        SetDeadline(lease, Math.Min(lease.Deadline, now + TicksOf(lease.RemainingSeconds)));
    }

    /// <summary>Removes a lease; its keys have been deleted.</summary>
    public void Remove(Lease lease)
    {
        Debug.Assert(lease.Keys is null or { Count: 0 }, "A lease does not end before its keys.");
        _leases.Remove(lease.Id);
        lease.IsGone = true;
        if (_deadlines.Count + _checkpoints.Count > (4 * _leases.Count) + 4096)
            Rebuild();
    }

    /// <summary>Moves a key from one lease to another; zero is none.</summary>
    public void Move(ReadOnlySpan<byte> key, long from, long to)
    {
        if (from == to)
            return;
        if (from != 0)
            Detach(key, from);
        if (to == 0)
            return;

        HashSet<byte[]>? keys = _leases.TryGetValue(to, out Lease? lease)
            ? lease.Keys ??= new(KeyComparer.Instance)
            : CollectionsMarshal.GetValueRefOrAddDefault(_orphans, to, out _) ??= new(KeyComparer.Instance);
        keys.GetAlternateLookup<ReadOnlySpan<byte>>().Add(key);
    }

    /// <summary>Returns the keys of a lease in ascending order.</summary>
    public static byte[][] KeysOf(Lease lease)
    {
        byte[][] keys = lease.Keys is null ? [] : [.. lease.Keys];
        Array.Sort(keys, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        return keys;
    }

    /// <summary>Returns the ids in ascending order.</summary>
    public LeaseId[] List()
    {
        LeaseId[] ids = new LeaseId[_leases.Count];
        int i = 0;
        foreach (long id in _leases.Keys)
            ids[i++] = new(id);
        Array.Sort(ids, static (a, b) => a.Value.CompareTo(b.Value));
        return ids;
    }

    /// <summary>Collects leases that have ended by this member's clock, as pairs of id and stamp.</summary>
    /// <param name="now">The time.</param>
    /// <param name="maxKeys">How many keys they have together at most; one lease may exceed it.</param>
    /// <param name="maxLeases">How many leases.</param>
    /// <param name="pairs">Takes the pairs.</param>
    /// <remarks>They stay here until the log says that they are gone, and are collected again after a while.</remarks>
    public void CollectDue(long now, int maxKeys, int maxLeases, List<long> pairs)
    {
        for (int keys = 0; maxLeases > 0 && keys < maxKeys && PeekDeadline() is { } lease;)
        {
            if (lease.QueuedDeadline > now)
                return;

            _deadlines.Dequeue();
            Enqueue(lease, now + RetryTicks);
            pairs.Add(lease.Id);
            pairs.Add(lease.Stamp);
            maxLeases--;
            keys += lease.Keys?.Count ?? 0;
        }
    }

    /// <summary>Tells whether a lease has ended by this member's clock.</summary>
    public bool IsAnyDue(long now) => PeekDeadline() is { } lease && lease.QueuedDeadline <= now;

    /// <summary>Collects leases whose remaining time is to be written down: id, stamp, remaining seconds.</summary>
    public void CollectCheckpoints(long now, int maxLeases, List<long> triples)
    {
        while (maxLeases > 0 && _checkpoints.TryPeek(out Lease? lease, out long at) && at <= now)
        {
            _checkpoints.Dequeue();
            if (lease.IsGone)
                continue;
            if (lease.CheckpointAt <= now)
            {
                triples.Add(lease.Id);
                triples.Add(lease.Stamp);
                triples.Add(SecondsLeft(lease, now));
                lease.CheckpointAt = now + CheckpointTicks;
                maxLeases--;
            }

            _checkpoints.Enqueue(lease, lease.CheckpointAt);
        }
    }

    /// <summary>Lets every lease live for a while at least: a new leader does not know how long it was away.</summary>
    public void LiftDeadlines(long now, long least)
    {
        // Not less than after what an expiry that was proposed shortly before waits in the queue.
        least = Math.Max(least, RetryTicks + 1);
        while (PeekDeadline() is { } lease && lease.Deadline < now + least)
        {
            _deadlines.Dequeue();
            lease.Deadline = now + least;
            Enqueue(lease, lease.Deadline);
        }
    }

    /// <summary>Returns the whole seconds that a lease has left, rounded up: nothing is lost on the way.</summary>
    public static long SecondsLeft(Lease lease, long now) =>
        Math.Max(1, (lease.Deadline - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);

    /// <summary>Copies what a snapshot needs, in ascending order of ids.</summary>
    public LeaseRecord[] ToRecords()
    {
        LeaseRecord[] records = new LeaseRecord[_leases.Count];
        int i = 0;
        foreach (Lease lease in _leases.Values)
            records[i++] = new(lease.Id, lease.GrantedSeconds, lease.RemainingSeconds, lease.Stamp);
        Array.Sort(records, static (a, b) => a.Id.CompareTo(b.Id));
        return records;
    }

    /// <summary>Loads a lease from a snapshot; what it has left begins now.</summary>
    /// <returns>False if it cannot be.</returns>
    public bool TryLoad(LeaseRecord record, long now)
    {
        bool isPossible = record.Id != 0 && record.Stamp > 0 && record.RemainingSeconds > 0
            && record.RemainingSeconds <= record.GrantedSeconds && record.GrantedSeconds <= MaxSeconds;
        Lease lease = new(record.Id, record.GrantedSeconds)
        {
            RemainingSeconds = record.RemainingSeconds,
            Stamp = record.Stamp,
        };
        if (!isPossible || !_leases.TryAdd(record.Id, lease))
            return false;

        LastStamp = Math.Max(LastStamp, record.Stamp);
        StartClock(lease, now);
        return true;
    }

    /// <summary>Ends loading.</summary>
    public bool TryEndLoading(long lastStamp)
    {
        bool fits = lastStamp >= LastStamp;
        LastStamp = lastStamp;
        return fits;
    }

    /// <summary>Drops the entries of leases that are gone: they would stay until their time is up.</summary>
    private void Rebuild()
    {
        _deadlines.Clear();
        _checkpoints.Clear();
        foreach (Lease lease in _leases.Values)
        {
            _deadlines.Enqueue(lease, lease.QueuedDeadline);
            if (TicksOf(lease.GrantedSeconds) > CheckpointTicks)
                _checkpoints.Enqueue(lease, lease.CheckpointAt);
        }
    }

    private void Detach(ReadOnlySpan<byte> key, long from)
    {
        Lease? lease = _leases.GetValueOrDefault(from);
        if ((lease is null ? _orphans.GetValueOrDefault(from) : lease.Keys) is not { } keys)
            return;

        keys.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key);
        if (keys.Count > 0)
            return;
        if (lease is null)
            _orphans.Remove(from);
        else
            lease.Keys = null;
    }

    private static long TicksOf(long seconds) => seconds * TimeSpan.TicksPerSecond;

    private void StartClock(Lease lease, long now)
    {
        lease.Deadline = now + (TicksOf(lease.RemainingSeconds) / (Mutants.LeaseHalved ? 2 : 1));
        Enqueue(lease, lease.Deadline);
        lease.CheckpointAt = now + CheckpointTicks;
        if (TicksOf(lease.GrantedSeconds) > CheckpointTicks)
            _checkpoints.Enqueue(lease, lease.CheckpointAt);
    }

    /// <summary>
    /// Sets a deadline. A later one does not touch the queue: the entry moves when its turn comes, once a time to live.
    /// </summary>
    private void SetDeadline(Lease lease, long deadline)
    {
        lease.Deadline = deadline;
        if (deadline < lease.QueuedDeadline)
            Enqueue(lease, deadline);
    }

    private void Enqueue(Lease lease, long at)
    {
        lease.QueuedDeadline = at;
        _deadlines.Enqueue(lease, at);
    }

    /// <summary>Returns the lease whose valid entry is first and whose deadline is not later than the entry.</summary>
    private Lease? PeekDeadline()
    {
        while (_deadlines.TryPeek(out Lease? lease, out long at))
        {
            if (!lease.IsGone && lease.QueuedDeadline == at && lease.Deadline <= at)
                return lease;

            _deadlines.Dequeue();
            if (!lease.IsGone && lease.QueuedDeadline == at)
                Enqueue(lease, lease.Deadline);
        }

        return null;
    }
}
