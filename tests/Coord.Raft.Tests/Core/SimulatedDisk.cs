using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>What a simulated node keeps over a crash: exactly the groups that were written, in order.</summary>
internal sealed class SimulatedDisk(SnapshotMetadata initial)
{
    private readonly List<Entry> _log = [];
    private readonly HashSet<EntryId> _lost = [];

    public HardState HardState { get; private set; }

    public SnapshotMetadata Snapshot { get; private set; } = initial;

    public EntryId LogBase { get; private set; } = initial.LastIncluded;

    public EntryId Last => _log.Count == 0 ? LogBase : _log[^1].Id;

    /// <summary>Gets what the log may have lost at its end.</summary>
    public LogDoubt? Doubt { get; private set; }

    public RaftCoreState Recover() =>
        new(HardState, Snapshot, LogBase, _log.ToArray(), Snapshot.LastIncluded.Index, Doubt);

    public void Write(ReadyCopy group)
    {
        HardState = group.HardState ?? HardState;
        if (group.EndsDoubt)
            Doubt = null;
        if (group.Snapshot is not null)
        {
            _log.Clear();
            Snapshot = group.Snapshot;
            LogBase = Snapshot.LastIncluded;
        }

        foreach (Entry entry in group.Entries)
        {
            int place = (int)(entry.Index - LogBase.Index) - 1;
            if (place < _log.Count)
                _log.RemoveRange(place, _log.Count - place);
            Assert.Equal(_log.Count, place);
            _log.Add(entry);
        }
    }

    public void SaveSnapshot(SnapshotMetadata snapshot, LogIndex compactTo)
    {
        if (snapshot.LastIncluded.Index > Snapshot.LastIncluded.Index)
            Snapshot = snapshot;
        int count = (int)(compactTo - LogBase.Index);
        if (count <= 0)
            return;
        LogBase = _log[count - 1].Id;
        _log.RemoveRange(0, count);
    }

    /// <summary>Loses the last entries, acknowledged or not; what is known of it is that they may have been.</summary>
    public void LoseEnd(int count, int slack)
    {
        LogIndex keep = LogIndex.Max(LogBase.Index, Snapshot.LastIncluded.Index);
        count = (int)Math.Min(count, Last.Index - keep);
        if (count <= 0)
            return;
        Doubt = new LogDoubt(HardState.Term, Last.Index + slack).With(Doubt);
        _lost.UnionWith(_log[^count..].Select(entry => entry.Id));
        _log.RemoveRange(_log.Count - count, count);
        HardState = HardState with { Commit = LogIndex.Min(HardState.Commit, Last.Index) };
    }

    /// <summary>Tells whether an entry is or was held, by itself or within the snapshot.</summary>
    public bool Holds(EntryId id)
    {
        if (id.Index <= LogBase.Index || _lost.Contains(id))
            return true;
        int place = (int)(id.Index - LogBase.Index) - 1;
        return place < _log.Count && _log[place].Id == id;
    }
}
