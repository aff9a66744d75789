using System.Collections.Immutable;
using Coord.Raft.Core;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Makes a member that holds data the only one of its cluster, before it starts.</summary>
/// <remarks>
/// All of its log is applied, and a snapshot of that with the new membership takes the log's place, as if a leader had
/// sent it. It stands for an entry behind the log's end and in a later term, so no entry of the former cluster fits
/// behind it. A crash before the snapshot is published changes nothing; after it, the log gives way at the next start.
/// </remarks>
internal static class ForcedCluster
{
    /// <summary>Tells whether there is anything to do.</summary>
    public static bool IsNeeded(RaftOptions options, in RaftCoreState state)
    {
        Membership last = state.Snapshot.Membership;
        bool isAlone = last is { IsJoint: false, Voters: [var only], Members.Length: 1 } && only == options.NodeId;
        return options.ForceNewCluster && !last.Members.IsEmpty
            && !(isAlone && !HasChange(state));
    }

    /// <summary>Applies what the log holds and begins anew from there.</summary>
    public static RaftCoreState Begin(
        RaftOptions options, in RaftCoreState state, SnapshotStore snapshots, ApplyLoop apply, Wal wal)
    {
        foreach (ref readonly Entry entry in state.Entries.Span)
        {
            if (entry.Index > state.Applied)
                apply.Enqueue(new ApplyItem(entry, null));
        }

        apply.Pump();
        apply.DrainDone();
        SnapshotMetadata first = Describe(options, state);
        using (StateCapture capture = apply.Capture())
        using (SnapshotWriter writer = snapshots.Create(first))
        {
            capture.WriteTo(writer, CancellationToken.None);
            writer.Commit();
        }

        apply.Restore(first);
        HardState hardState = new(first.LastIncluded.Term, NodeId.None, first.LastIncluded.Index);
        wal.Append(hardState, [], first.LastIncluded);
        wal.Sync();
        RaftLog.Release(state.Entries.Span);
        return new RaftCoreState(
            hardState, first, first.LastIncluded, ReadOnlyMemory<Entry>.Empty, first.LastIncluded.Index);
    }

    private static SnapshotMetadata Describe(RaftOptions options, in RaftCoreState state)
    {
        ReadOnlySpan<Entry> entries = state.Entries.Span;
        LogIndex last = entries.IsEmpty ? state.LogBase.Index : entries[^1].Index;
        EntryId at = new(state.HardState.Term.Next, LogIndex.Max(last, state.Applied).Next);
        Member self = state.Snapshot.Membership.TryGetMember(options.NodeId, out Member known) ? known
            : options.InitialMembers.FirstOrDefault(member => member.Id == options.NodeId);
        ImmutableArray<Member> members =
            [new Member(options.NodeId, at.Index, self.Address ?? "")];
        return new SnapshotMetadata(at, new Membership
        {
            Voters = [options.NodeId],
            Members = members,
            Version = at.Index,
        });
    }

    private static bool HasChange(in RaftCoreState state)
    {
        foreach (ref readonly Entry entry in state.Entries.Span)
        {
            if (entry.Index > state.Applied && entry.Kind is EntryKind.Membership)
                return true;
        }

        return false;
    }
}
