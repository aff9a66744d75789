using System.Buffers;
using System.Runtime.InteropServices;
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
public sealed class KeyValueStateMachine : IStateMachine
{
#pragma warning restore CA1001
    private const int KeysPerStep = 256;
    private const int ChangesCompactedPerCommand = 256;
    private const int ResultBytesKept = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly KeyValueOptions _options;
    private readonly WatchHub _watches = new();
    private readonly List<KeyVersion> _previous = [];
    private ArrayBufferWriter<byte> _result = new();
    private readonly StoreLayout _layout;
    private MvccStore _store;
    private Exception? _stopped;

    /// <summary>Creates an empty store.</summary>
    /// <param name="options">The bounds; the defaults if null.</param>
    /// <exception cref="ArgumentException">A bound makes no sense.</exception>
    public KeyValueStateMachine(KeyValueOptions? options = null)
        : this(options, StoreLayout.Default)
    {
    }

    /// <summary>Creates an empty store whose memory is cut as tests want it.</summary>
    internal KeyValueStateMachine(KeyValueOptions? options, StoreLayout layout)
    {
        _options = options ?? new();
        if (_options.Validate() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems), nameof(options));

        _layout = layout;
        _store = new(layout);
    }

    /// <summary>Gets what the store holds now.</summary>
    public KeyValueStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new(
                    new(_store.Revision), new(_store.CompactedRevision), _store.UsedBytes, _watches.Count);
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
                return _store.AllocatedBytes;
        }
    }

    /// <summary>Gets the bounds.</summary>
    internal KeyValueOptions Options => _options;

    /// <summary>Gets how many keys there is memory for, deleted ones that still have history included.</summary>
    internal int IndexedKeys
    {
        get
        {
            lock (_lock)
                return _store.IndexedKeys;
        }
    }

    /// <inheritdoc/>
    public ApplyResult Apply(in AppliedCommand command)
    {
        ApplyResult result;
        lock (_lock)
        {
            // Every command moves compaction on, whatever it says itself, and so at the same pace on every member.
            result = Apply_NeedsLock(command.Payload);
            _store.StepCompaction(ChangesCompactedPerCommand);
            _store.Reclaim(2 * ChangesCompactedPerCommand);
        }

        GC.KeepAlive(this);
        return result;
    }

    /// <inheritdoc/>
    public void OnBatchApplied(LogIndex applied)
    {
        lock (_lock)
            _watches.Wake();
    }

    /// <inheritdoc/>
    public IStateCapture Capture()
    {
        lock (_lock)
        {
            StoreCapture capture = new(_lock, _store);
            GC.KeepAlive(this);
            return capture;
        }
    }

    /// <inheritdoc/>
    public void Restore(Stream snapshot, EntryId lastIncluded)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        MvccStore store = SnapshotReader.Read(snapshot, _layout);
        MvccStore replaced;
        lock (_lock)
        {
            // Watches keep their place: what they have not seen yet is history now, or compacted, which they will say.
            _watches.FallBehind(_store.Revision + 1);
            replaced = _store;
            _store = store;
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
            store = _store;
            current = store.Revision;
            long revision = options.Revision.Value <= 0 ? current : options.Revision.Value;
            if (revision > current)
                throw new FutureRevisionException(new(current));
            if (revision < store.CompactedRevision)
                throw new CompactedException(new(store.CompactedRevision));

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

        while (!read.IsDone)
        {
            lock (_lock)
                store.Step(read, KeysPerStep);
        }

        lock (_lock)
            store.Unpin(pin);
        GC.KeepAlive(store);
        return read.ToResult(current);
    }

    /// <summary>Returns the first revision that a watch which starts now has to see.</summary>
    internal long NextRevision()
    {
        lock (_lock)
            return _store.Revision + 1;
    }

    internal Watcher OpenWatch(KeyRange range, WatchOptions options, long startRevision)
    {
        Watcher watcher = new(
            range, options, startRevision, _options.MaxWatchBufferEvents, _options.MaxWatchBufferBytes);
        lock (_lock)
        {
            _watches.Add(watcher);
            if (_stopped is not null)
                watcher.Fail(_stopped);
        }

        return watcher;
    }

    internal void CloseWatch(Watcher watcher)
    {
        lock (_lock)
            _watches.Remove(watcher);
    }

    /// <summary>Reads on for a watch: at most one step of history, or all that waits.</summary>
    /// <param name="watcher">The watch.</param>
    /// <param name="changes">Takes the changes.</param>
    /// <param name="wait">What to wait for before the next call.</param>
    /// <exception cref="CompactedException">What comes next has been compacted.</exception>
    internal void ReadWatch(Watcher watcher, List<WatchEvent> changes, out Task wait)
    {
        lock (_lock)
        {
            if (watcher.Failure is { } failure)
                throw failure;
            if (!watcher.IsLive)
                HistoryReader.Step(_store, watcher, changes);
            else
                watcher.Drain(changes);
            wait = changes.Count > 0 || !watcher.IsLive ? Task.CompletedTask : watcher.WaitAsync();
        }

        GC.KeepAlive(this);
    }

    /// <summary>Ends all watches, and those that are opened later.</summary>
    internal void Stop(Exception reason)
    {
        lock (_lock)
        {
            _stopped ??= reason;
            _watches.Fail(_stopped);
        }
    }

    private ApplyResult Apply_NeedsLock(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty)
            return new(_store.Revision); // A new leader's first entry.
        if (!CommandCodec.TryRead(payload, out Command command))
            return Answer_NeedsLock(CommandStatus.Malformed, 0);

        return command.Kind switch
        {
            CommandKind.Put => Put_NeedsLock(command),
            CommandKind.Delete => Delete_NeedsLock(command),
            _ => Compact_NeedsLock(command),
        };
    }

    private ApplyResult Put_NeedsLock(in Command command)
    {
        long cost = KeyVersion.CostOf(command.Key.Length, command.Value.Length);
        if (!HasSpace_NeedsLock(cost, command.Policy))
            return Answer_NeedsLock(CommandStatus.SpaceExceeded, _store.UsedBytes);

        KeyVersion? previous = command.ReturnPrevious ? _store.Find(command.Key.Span) : null;
        _store.Put(command.Key.Span, command.Value.Span);
        Commit_NeedsLock(command.Policy);
        return previous is not { } version
            ? new(_store.Revision)
            : Answer_NeedsLock(CommandStatus.Done, 0, new ReadOnlySpan<KeyVersion>(in version));
    }

    private ApplyResult Delete_NeedsLock(in Command command)
    {
        _previous.Clear();
        _store.Delete(new KeyRange(command.Key, command.Value), _previous);
        Commit_NeedsLock(command.Policy);
        Span<KeyVersion> deleted = CollectionsMarshal.AsSpan(_previous);
        ApplyResult result =
            Answer_NeedsLock(CommandStatus.Done, deleted.Length, command.ReturnPrevious ? deleted : default);
        _previous.Clear();
        return result;
    }

    private ApplyResult Compact_NeedsLock(in Command command)
    {
        if (command.Revision <= _store.CompactedRevision)
            return Answer_NeedsLock(CommandStatus.Compacted, _store.CompactedRevision);
        if (command.Revision > _store.Revision)
            return Answer_NeedsLock(CommandStatus.FutureRevision, _store.Revision);

        _store.Compact(command.Revision);
        return new(_store.Revision);
    }

    private void Commit_NeedsLock(WritePolicy policy)
    {
        if (!_store.Commit())
            return;

        for (long i = _store.NewestChanges; i < _store.Changes.End; i++)
            _watches.Publish(_store.Changes[i]);

        long oldest = _store.Revision - policy.RetainedRevisions;
        if (policy.RetainedRevisions > 0 && oldest > _store.CompactedRevision)
            _store.Compact(oldest);
    }

    /// <summary>Tells whether a put fits, after giving up history for it as far as the policy allows.</summary>
    private bool HasSpace_NeedsLock(long cost, WritePolicy policy)
    {
        if (policy.QuotaBytes == 0 || _store.UsedBytes + cost <= policy.QuotaBytes)
            return true;

        // Nobody may be refused for space that a compaction has given back already but not counted yet.
        _store.StepCompaction(int.MaxValue);
        while (policy.RetainedRevisions > 0
            && _store.UsedBytes + cost > policy.QuotaBytes
            && _store.CompactedRevision < _store.Revision)
        {
            // Half of it at a time, so that watches that are hardly behind can go on.
            long kept = (_store.Revision - _store.CompactedRevision) / 2;
            _store.Compact(_store.Revision - kept);
            _store.StepCompaction(int.MaxValue);
        }

        if (_store.UsedBytes + cost <= policy.QuotaBytes)
            return true;

        // What the newest revision deleted is freed by the revision that this very put makes. Without counting it in
        // advance, a store that was full and then emptied at one stroke would refuse every put for ever.
        return _store.UsedBytes - _store.HeldByNewestRevision() + cost <= policy.QuotaBytes;
    }

    private ApplyResult Answer_NeedsLock(CommandStatus status, long number, ReadOnlySpan<KeyVersion> previous = default)
    {
        // One answer of a huge deletion must not hold its memory for ever.
        if (_result.Capacity > ResultBytesKept)
            _result = new();
        _result.ResetWrittenCount();
        ResultCodec.Write(_result, status, number, previous);
        return new(_store.Revision, _result.WrittenMemory);
    }
}
