using Coord.Kv.Commands;
using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;
using Coord.Kv.Watches;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// The key-value store as the log sees it: applies commands, answers reads, feeds watches. Thread-safe.
/// </summary>
/// <remarks>
/// One lock guards everything, and every section under it is short: reads, watches and captures work in bounded steps
/// and let commands through between them. So a command is applied as a whole or not at all for every reader. What the
/// store becomes depends on the commands alone, never on options, clocks or readers of one member.
/// The data lies outside the garbage-collected heap, and is freed when nobody can reach the state machine any more.
/// </remarks>
#pragma warning disable CA1001 // A node does not dispose its state machine; the memory has a finalizer.
public sealed partial class KeyValueStateMachine : IStateMachine
{
#pragma warning restore CA1001
    private const int KeysPerStep = 256;
    private const int ChangesCompactedPerCommand = 256;

    // If all of more than these look at one key, telling them of a put takes time.
    private const int ManyWatches = 256;

    private readonly Lock _lock = new();
    private readonly RightOfWay _rightOfWay = new();
    private readonly KeyValueOptions _options;
    private readonly WatchHub _watches = new();
    private readonly CommandApplier _applier;
    private readonly StoreLayout _layout;
    private readonly TimeProvider _clock;
    private readonly long _epoch;
    private KeyValueState _state;
    private Exception? _stopped;

    // What the quota counts, as of the last batch; for who does not hold the lock.
    private long _usedBytes;

    /// <summary>Creates an empty store.</summary>
    /// <param name="options">The bounds; the defaults if null.</param>
    /// <param name="clock">What leases are counted by; the system's clock if null.</param>
    /// <exception cref="ArgumentException">A bound makes no sense.</exception>
    public KeyValueStateMachine(KeyValueOptions? options = null, TimeProvider? clock = null)
        : this(options, StoreLayout.Default, clock)
    {
    }

    /// <summary>Creates an empty store whose memory is cut as tests want it.</summary>
    internal KeyValueStateMachine(KeyValueOptions? options, StoreLayout layout, TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _epoch = _clock.GetTimestamp();
        _applier = new(_watches);
        _options = options ?? new();
        if (_options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems), nameof(options));

        _layout = layout;
        _state = new(new MvccStore(layout));
    }

    /// <summary>Gets what the store holds now.</summary>
    public KeyValueStatus Status
    {
        get
        {
            lock (_lock)
            {
                MvccStore store = _state.Store;
                return new(
                    new(store.Revision), new(store.CompactedRevision), _state.UsedBytes, _watches.Count)
                {
                    AllocatedBytes = store.AllocatedBytes,
                    Keys = store.Keys,
                    Leases = _state.Leases.Count,
                };
            }
        }
    }

    /// <summary>
    /// Gets the memory that the store has taken from the system on this member. It grows and shrinks in chunks.
    /// </summary>
    public long AllocatedBytes
    {
        get
        {
            lock (_lock)
                return _state.Store.AllocatedBytes;
        }
    }

    /// <summary>Gets the clock that leases are counted by.</summary>
    internal TimeProvider Clock => _clock;

    /// <summary>Gets the time by that clock, since this was created.</summary>
    internal long Now => _clock.GetElapsedTime(_epoch).Ticks;

    /// <summary>Gets the bounds.</summary>
    internal KeyValueOptions Options => _options;

    /// <summary>Gets how many keys there is memory for, deleted ones that still have history included.</summary>
    internal int IndexedKeys
    {
        get
        {
            lock (_lock)
                return _state.Store.IndexedKeys;
        }
    }

    /// <inheritdoc/>
    public ApplyResult Apply(in AppliedCommand command)
    {
        ApplyResult result;
        using (_rightOfWay.Enter(_lock))
        {
            // Every command moves compaction on, whatever it says itself, and so at the same pace on every member.
            result = _applier.Apply(_state, command.Payload, Now);
            _state.Store.StepCompaction(ChangesCompactedPerCommand);
            _state.Store.Reclaim(2 * ChangesCompactedPerCommand);
        }

        GC.KeepAlive(this);
        return result;
    }

    /// <inheritdoc/>
    public bool IsQuick(in AppliedCommand command) =>
        _watches.Count < ManyWatches && CommandCodec.IsQuick(command.Payload, Volatile.Read(ref _usedBytes));

    /// <inheritdoc/>
    public void OnBatchApplied(LogIndex applied)
    {
        lock (_lock)
        {
            Volatile.Write(ref _usedBytes, _state.UsedBytes);
            SetApplied_NeedsLock(applied.Value);
            _watches.Wake();
        }
    }

    /// <inheritdoc/>
    public IStateCapture Capture()
    {
        lock (_lock)
        {
            StoreCapture capture = new(_lock, _rightOfWay, _state);
            GC.KeepAlive(this);
            return capture;
        }
    }

    /// <inheritdoc/>
    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        KeyValueState state = ReadSnapshot(snapshot);
        MvccStore replaced;
        lock (_lock)
        {
            // Watches keep their place: what they have not seen yet is history now, or compacted, which they will say.
            replaced = _state.Store;
            if (!Mutants.WatchSkipsSnapshot)
                _watches.FallBehind(replaced.Revision + 1);
            _state = state;
            replaced.Retire();
        }

        GC.KeepAlive(replaced);
    }

    /// <summary>Reads a range from what this member has.</summary>
    internal GetResult Read(KeyRange range, GetOptions options)
    {
        MvccStore store;
        RangeRead read;
        long current;
        long pin;
        lock (_lock)
        {
            ThrowIfCorrupt_NeedsLock();
            store = _state.Store;
            current = store.Revision;
            long revision = options.Revision.Value <= 0 ? current : options.Revision.Value;
            if (revision > current)
                throw new FutureRevisionException(new(current));
            if (revision < store.CompactedRevision)
                throw new CompactedException(new(store.CompactedRevision));

            if (range.IsSingleKey)
                return ReadOne_NeedsLock(range, revision, options);

            read = new(range, revision, options);
            store.Step(read, KeysPerStep);
            if (read.IsDone)
            {
                GC.KeepAlive(this);
                return read.ToResult(current);
            }

            // The rest comes in steps. What the read needs must not be freed between them.
            pin = store.Changes.Find(revision + 1);
            store.Pin(pin);
        }

        try
        {
            while (!read.IsDone)
            {
                _rightOfWay.GiveWay();
                lock (_lock)
                    store.Step(read, KeysPerStep);
            }
        }
        finally
        {
            // Even if memory runs out for the answer: a pin that stays would keep all later history for ever.
            lock (_lock)
                store.Unpin(pin);
        }

        GC.KeepAlive(store);
        return read.ToResult(current);
    }

    private KeyValueState ReadSnapshot(Stream snapshot)
    {
        if (!_layout.ReadsAhead)
            return SnapshotReader.Read(snapshot, _layout, Now);

        using ReadAheadStream ahead = new(snapshot);
        return SnapshotReader.Read(ahead, _layout, Now);
    }

    private GetResult ReadOne_NeedsLock(KeyRange range, long revision, GetOptions options)
    {
        MvccStore store = _state.Store;
        GetResult result = RangeRead.ReadOne(store.FindAt(range.Key.Span, revision), options, store.Revision);
        GC.KeepAlive(this);
        return result;
    }

    private void ThrowIfCorrupt_NeedsLock()
    {
        if (_state.Alarms.IsCorrupt)
            throw new StoreCorruptException();
    }
}
