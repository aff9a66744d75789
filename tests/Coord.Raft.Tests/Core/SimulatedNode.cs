using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>A core with a slow disk and a slow state machine, all of which the cluster moves step by step.</summary>
internal sealed class SimulatedNode
{
    private readonly SimulatedCluster _cluster;
    private readonly RaftCoreOptions _options;
    private readonly Queue<ReadyCopy> _groups = [];
    private readonly Queue<(Entry[] Entries, SnapshotMetadata? Snapshot)> _toApply = [];
    private EntryId _applied;
    private ulong _incarnation;

    public SimulatedNode(SimulatedCluster cluster, RaftCoreOptions options, SnapshotMetadata initial)
    {
        _cluster = cluster;
        _options = options;
        Disk = new SimulatedDisk(initial);
        Core = Start();
    }

    public NodeId Id => _options.Id;

    public RaftCore Core { get; private set; }

    public SimulatedDisk Disk { get; }

    public bool IsUp { get; private set; } = true;

    public bool HasGroups => _groups.Count > 0;

    public bool HasToApply => _toApply.Count > 0;

    public LogIndex Applied => _applied.Index;

    public void TakeReady()
    {
        if (!Core.HasReady)
            return;
        ReadyCopy ready = new(Core.TakeReady());
        foreach (Entry entry in ready.Entries)
            _cluster.Checks.OnEntry(entry);
        foreach (Message message in ready.Messages)
            _cluster.Send(message);
        foreach (ReadState read in ready.ReadStates)
            _cluster.Checks.OnRead(Id, read);
        if (ready.Snapshot is not null)
            _toApply.Enqueue(([], ready.Snapshot));
        if (ready.CommittedEntries.Length > 0)
            _toApply.Enqueue((ready.CommittedEntries, null));
        if (ready.HasAppend)
            _groups.Enqueue(ready);
    }

    /// <summary>Makes the oldest group durable, and then lets out what waited for it.</summary>
    public void Sync()
    {
        ReadyCopy group = _groups.Dequeue();
        Disk.Write(group);
        foreach (Message message in group.MessagesAfterAppend)
        {
            if (message.To == Id)
                Core.Step(message);
            else
                _cluster.Send(message);
        }

        if (!group.AppendAck.IsEmpty)
            Core.OnAppended(group.AppendAck);
    }

    public void Apply()
    {
        (Entry[] entries, SnapshotMetadata? snapshot) = _toApply.Dequeue();
        if (snapshot is not null)
        {
            _applied = snapshot.LastIncluded;
            return;
        }

        foreach (Entry entry in entries)
        {
            if (entry.Index <= _applied.Index)
                continue;
            Assert.Equal(_applied.Index.Next, entry.Index);
            _cluster.Checks.OnApply(entry);
            if (entry.Kind is EntryKind.Membership)
                Core.ApplyMembership(entry);
            _applied = entry.Id;
        }

        Core.OnApplied(entries[^1].Index);
    }

    /// <summary>Saves a snapshot of what is applied and forgets some of the log that it stands for.</summary>
    public void SaveSnapshot(int keep)
    {
        // While a received snapshot waits for the disk, what is applied here is older than what the core stands for.
        if (_applied.Index <= Disk.Snapshot.LastIncluded.Index || _applied.Index < Core.FirstIndex ||
            _applied.Index > Core.AppliedIndex || Core.DefersSnapshots
            || _groups.Any(group => group.Snapshot is not null))
        {
            return;
        }

        SnapshotMetadata snapshot = new(_applied, Core.Membership);
        LogIndex compactTo = LogIndex.Max(_applied.Index - keep, default);
        Disk.SaveSnapshot(snapshot, compactTo);
        Core.OnSnapshotSaved(snapshot);
        Core.CompactTo(compactTo);
    }

    /// <summary>
    /// Stops the node at once. Of the groups in progress the oldest few reached the disk, the rest is lost.
    /// </summary>
    public void Crash(int written)
    {
        for (int i = 0; i < written && _groups.Count > 0; i++)
            Disk.Write(_groups.Dequeue());
        _groups.Clear();
        _toApply.Clear();
        IsUp = false;
    }

    /// <summary>Stops the node, and the end of its log is gone: what it had acknowledged included.</summary>
    public void LoseEnd(int count, int slack)
    {
        Crash(count);
        Disk.LoseEnd(count, slack);
    }

    public void Restart()
    {
        Core = Start();
        IsUp = true;
    }

    private RaftCore Start()
    {
        _applied = Disk.Snapshot.LastIncluded;
        _incarnation++;
        return new RaftCore(_options with { Seed = _options.Seed + _incarnation }, Disk.Recover());
    }
}
