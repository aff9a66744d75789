using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv.Mvcc;

/// <summary>
/// The store as it was at one moment, written beside ongoing commands. One thread; takes the lock in steps.
/// </summary>
/// <remarks>
/// Of keys nothing is copied when it is made; leases, alarms and members are. A pin keeps what it needs from being
/// freed, and it knows by their stamps and sequence numbers which versions it may see. The memory that waits is
/// bounded by what is written meanwhile. Each step copies a bounded number of records under the lock, and the stream
/// is written outside of it.
/// </remarks>
internal sealed class StoreCapture : IStateCapture
{
    private const int KeysPerStep = 256;

    private readonly Lock _lock;
    private readonly RightOfWay _rightOfWay;
    private readonly MvccStore _store;
    private readonly long _revision;
    private readonly long _compactedRevision;
    private readonly long _firstChange;
    private readonly long _endOfChanges;
    private readonly Stamp _boundary;
    private readonly LeaseRecord[] _leases;
    private readonly long _lastLeaseStamp;
    private readonly Alarm[] _alarms;
    private readonly MemberInfo[] _members;
    private bool _disposed;

    /// <summary>Creates the capture; the caller holds the lock.</summary>
    public StoreCapture(Lock storeLock, RightOfWay rightOfWay, KeyValueState state)
    {
        MvccStore store = state.Store;
        _rightOfWay = rightOfWay;
        _lock = storeLock;
        _store = store;
        _leases = state.Leases.ToRecords();
        _lastLeaseStamp = state.Leases.LastStamp;
        _alarms = state.Alarms.List();
        _members = state.Members.List();
        _revision = store.Revision;
        _compactedRevision = store.CompactedRevision;

        // Not where memory was freed up to, which differs between members, but where compaction has counted up to.
        _firstChange = store.CompactionPosition;
        _endOfChanges = store.Changes.End;
        _boundary = _firstChange < _endOfChanges
            ? store.Changes[_firstChange].Stamp
            : new Stamp(_revision, int.MaxValue);
        store.Pin(_firstChange);
    }

    /// <inheritdoc/>
    public void WriteTo(Stream destination, CancellationToken cancellationToken)
    {
        SnapshotWriter writer = new(destination, _revision, _compactedRevision);
        SnapshotRecords step = new();
        byte[]? position = [];
        while (position is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            step.Clear();
            _rightOfWay.GiveWay();
            lock (_lock)
                position = _store.CollectBefore(position, _boundary, step, KeysPerStep);
            writer.Write(SnapshotBlock.Versions, step);
        }

        for (long sequence = _firstChange; sequence < _endOfChanges; sequence += step.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            step.Clear();
            _rightOfWay.GiveWay();
            lock (_lock)
                CollectChanges_NeedsLock(sequence, step);
            writer.Write(SnapshotBlock.Changes, step);
        }

        writer.Write(_leases);
        writer.Write(_alarms);
        writer.Write(_members);
        writer.End(_lastLeaseStamp);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;

            _disposed = true;
            _store.Unpin(_firstChange);
        }

        GC.KeepAlive(_store);
    }

    private void CollectChanges_NeedsLock(long sequence, SnapshotRecords step)
    {
        for (long i = sequence; i < _endOfChanges && step.Count < KeysPerStep; i++)
        {
            if (step.Bytes >= MvccStore.MaxStepBytes)
                return;
            step.Add(_store.Changes[i]);
        }
    }
}
