using System.Collections.Immutable;
using System.Text;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>Renders what the core does in the words of the published cases.</summary>
internal static class PublishedText
{
    public static string Configuration(Membership membership)
    {
        StringBuilder text = new($"voters=({Join(membership.Voters)})");
        if (membership.IsJoint)
            text.Append($"&&({Join(membership.VotersOutgoing)})");
        if (!membership.Learners.IsEmpty)
            text.Append($" learners=({Join(membership.Learners)})");
        if (!membership.LearnersNext.IsEmpty)
            text.Append($" learners_next=({Join(membership.LearnersNext)})");
        return text.Append(membership.AutoLeave ? " autoleave" : "").ToString();
    }

    public static string SoftState(NodeId leader, RaftRole role) => $"Lead:{leader.Value} State:State{role}";

    public static string Hard(HardState state) =>
        $"Term:{state.Term.Value}{(state.Vote.IsNone ? "" : $" Vote:{state.Vote.Value}")} Commit:{state.Commit}";

    public static string Snapshot(SnapshotMetadata snapshot)
    {
        Membership m = snapshot.Membership;
        return $"Index:{snapshot.LastIncluded.Index} Term:{snapshot.LastIncluded.Term.Value} " +
            $"ConfState:Voters:[{Join(m.Voters)}] VotersOutgoing:[{Join(m.VotersOutgoing)}] " +
            $"Learners:[{Join(m.Learners)}] LearnersNext:[{Join(m.LearnersNext)}] " +
            $"AutoLeave:{(m.AutoLeave ? "true" : "false")}";
    }

    /// <summary>
    /// Renders an entry; single changes may have been proposed in the older of two published formats.
    /// </summary>
    public static string Entry(in Entry entry, IReadOnlySet<EntryId> olderChanges)
    {
        string id = $"{entry.Term.Value}/{entry.Index}";
        if (entry.Kind is not EntryKind.Membership)
            return $"{id} EntryNormal \"{Encoding.UTF8.GetString(entry.Payload.Span)}\"";
        Assert.True(MembershipChangeCodec.TryDecode(entry.Payload, out MembershipChange change));
        string kind = olderChanges.Contains(entry.Id) ? "EntryConfChange" : "EntryConfChangeV2";
        return $"{id} {kind} {ChangeNotation.Render(change.Changes)}".TrimEnd();
    }

    public static string Entries(ReadOnlySpan<Entry> entries, IReadOnlySet<EntryId> olderChanges, string indent = "")
    {
        if (entries.IsEmpty)
            return "";
        if (entries.Length == 1)
            return $" Entries:[{Entry(entries[0], olderChanges)}]";
        StringBuilder text = new(" Entries:[");
        foreach (ref readonly Entry entry in entries)
            text.Append($"\n{indent}  {Entry(entry, olderChanges)}");
        return text.Append($"\n{indent}]").ToString();
    }

    public static string Message(in Message message, IReadOnlySet<EntryId> olderChanges)
    {
        (string kind, bool showsCommit) = message.Kind switch
        {
            MessageKind.Append => ("MsgApp", true),
            MessageKind.AppendResponse => ("MsgAppResp", false),
            MessageKind.Vote => ("MsgVote", false),
            MessageKind.VoteResponse => ("MsgVoteResp", false),
            MessageKind.PreVote => ("MsgPreVote", false),
            MessageKind.PreVoteResponse => ("MsgPreVoteResp", false),
            MessageKind.Heartbeat => ("MsgHeartbeat", true),
            MessageKind.HeartbeatResponse => ("MsgHeartbeatResp", false),
            MessageKind.Snapshot => ("MsgSnap", false),
            MessageKind.TimeoutNow => ("MsgTimeoutNow", false),
            _ => ($"{message.Kind}", false),
        };
        // In a refusal the published format shows the hint's term beside the refused index.
        Term term = message.Reject ? message.Hint.Term : message.Log.Term;
        StringBuilder text = new();
        text.Append($"{message.From.Value}->{message.To.Value} {kind} ");
        text.Append($"Term:{message.Term.Value} Log:{term.Value}/{message.Log.Index}");
        if (message.Reject)
            text.Append($" Rejected (Hint: {message.Hint.Index})");
        if (showsCommit && !message.Commit.IsZero)
            text.Append($" Commit:{message.Commit}");
        text.Append(Entries(message.Entries.Span, olderChanges));
        if (message.Snapshot is not null)
            text.Append($"\n  Snapshot: {Snapshot(message.Snapshot)}");
        return text.ToString();
    }

    public static string Progress(ProgressStatus progress)
    {
        StringBuilder text = new();
        text.Append($"{progress.Id.Value}: State{progress.State} match={progress.Match} next={progress.Next}");
        text.Append(progress.IsLearner ? " learner" : "").Append(progress.IsPaused ? " paused" : "");
        if (!progress.PendingSnapshot.IsZero)
            text.Append($" pendingSnap={progress.PendingSnapshot}");
        text.Append(progress.RecentActive ? "" : " inactive");
        if (progress.InflightCount > 0)
            text.Append($" inflight={progress.InflightCount}{(progress.InflightFull ? "[full]" : "")}");
        return text.ToString();
    }

    private static string Join(ImmutableArray<NodeId> ids) => string.Join(' ', ids.Select(id => id.Value));
}
