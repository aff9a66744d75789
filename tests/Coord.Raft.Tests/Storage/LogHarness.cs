using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>A log on a disk in memory beside a model that knows what it must hold after a crash.</summary>
/// <remarks>
/// Every append makes a new state. After a crash the log must be in one of the states from the last sync that returned
/// up to the last append: nothing that was durable is lost, and no group is there in part.
/// </remarks>
internal sealed class LogHarness : IDisposable
{
    public const string Directory = "/data/log";
    public const int SegmentBytes = 16 * 1024;

    private static readonly Guid DirectoryId = new(0x1234, 5, 6, [1, 2, 3, 4, 5, 6, 7, 8]);

    private readonly EntryArena _arena = new(new EntryBlockPool());
    private readonly SyncStrategy _strategy;
    private List<LogModel> _states = [LogModel.Empty];

    public LogHarness(MemoryFileSystem? disk = null, SyncStrategy strategy = SyncStrategy.DataSync)
    {
        Disk = disk ?? new MemoryFileSystem();
        _strategy = strategy;
        Disk.CreateDirectory("/data");
    }

    public MemoryFileSystem Disk { get; }

    public Wal Wal { get; private set; } = null!;

    public WalRecovery Recovery { get; private set; } = null!;

    public LogModel Model => _states[^1];

    /// <summary>Gets the state that was durable last.</summary>
    public LogModel Durable => _states[0];

    public LogIndex Purged { get; private set; }

    public bool IsCreated { get; private set; }

    /// <summary>Takes over what another harness wrote, with a copy of its disk.</summary>
    public static LogHarness CloneOf(LogHarness other)
    {
        LogHarness clone = new(other.Disk.Clone(), other._strategy)
        {
            IsCreated = true,
            Purged = other.Purged,
        };
        clone._states = [.. other._states];
        return clone;
    }

    public LogHarness Open()
    {
        Wal = Wal.Open(Disk, Directory, Options(), _arena, out WalRecovery recovery);
        IsCreated = true;
        Recovery = recovery;
        return this;
    }

    public WalOptions Options() => new()
    {
        DirectoryId = DirectoryId,
        CreateNew = !IsCreated,
        SegmentBytes = SegmentBytes,
        SyncStrategy = _strategy,
        MaxRecycledSegments = 1,
    };

    public void Append(HardState? hardState, Entry[] entries, EntryId? reset = null)
    {
        _states.Add(Model.Append(hardState, entries, reset));
        Wal.Append(hardState, entries, reset);
    }

    /// <summary>Appends entries behind the last, of a term, with that term's hard state if it is new.</summary>
    public void Append(long term, int count, int bytes = 100)
    {
        long first = Model.Last.Index.Value + 1;
        Entry[] entries = [.. Enumerable.Range(0, count).Select(i => LogEntries.Make(term, first + i, bytes + i))];
        HardState? state = Model.HardState.Term.Value < term
            ? Model.HardState with { Term = new Term(term), Vote = new NodeId((ulong)term) }
            : null;
        Append(state, entries);
    }

    public void Commit(long index) => Append(Model.HardState with { Commit = new LogIndex(index) }, []);

    public void Sync()
    {
        Wal.Sync();
        _states = [Model];
    }

    public void Purge(long index)
    {
        // A purge that fails may have done a part.
        Purged = LogIndex.Max(Purged, new LogIndex(index));
        Wal.PurgeThrough(new LogIndex(index));
        if (!Wal.IsDirty)
            _states = [Model];
    }

    /// <summary>Opens the log again and compares it with the model, which goes on from what is there.</summary>
    public void Reopen()
    {
        Open();
        CheckRecovered();
    }

    public void CheckRecovered()
    {
        string? problem = "";
        for (int i = _states.Count - 1; i >= 0 && problem is not null; i--)
        {
            problem = _states[i].Compare(Recovery, Purged);
            if (problem is null)
                _states = [_states[i]];
        }

        if (problem is not null)
        {
            throw new InvalidOperationException(
                $"The recovered log is none of {_states.Count} states; against the durable one, {problem}.");
        }
    }

    public void Dispose() => _arena.Dispose();
}
