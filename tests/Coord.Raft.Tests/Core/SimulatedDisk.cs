using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>What a simulated node keeps over a crash: exactly the groups that were written, in order.</summary>
internal sealed class SimulatedDisk(SnapshotMetadata initial)
{
    private readonly List<Entry> _log = [];

    public HardState HardState { get; private set; }

    public SnapshotMetadata Snapshot { get; private set; } = initial;

    public EntryId LogBase { get; private set; } = initial.LastIncluded;

    public EntryId Last => _log.Count == 0 ? LogBase : _log[^1].Id;

    public RaftCoreState Recover() =>
        new(HardState, Snapshot, LogBase, _log.ToArray(), Snapshot.LastIncluded.Index);

    public void Write(ReadyCopy group)
    {
        HardState = group.HardState ?? HardState;
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

    /// <summary>Tells whether an entry is held, by itself or within the snapshot.</summary>
    public bool Holds(EntryId id)
    {
        if (id.Index <= LogBase.Index)
            return true;
        int place = (int)(id.Index - LogBase.Index) - 1;
        return place < _log.Count && _log[place].Id == id;
    }
}
