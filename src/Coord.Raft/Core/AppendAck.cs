namespace Coord.Raft.Core;

/// <summary>What became durable with a <see cref="Ready"/>; given back by <see cref="RaftCore.OnAppended"/>.</summary>
/// <remarks>
/// It names the last entry that was not known durable when it was made, and the term of that moment. Entries are only
/// overwritten by the leader of a later term, so a report of the present term is never about overwritten entries; one
/// of an earlier term counts for nothing, and the group that the new term has caused brings a newer one.
/// </remarks>
/// <param name="Term">The node's term when the group was handed out.</param>
/// <param name="Last">The last entry durable with the group, or zero if there was none to wait for.</param>
/// <param name="SnapshotIndex">The index of the snapshot installed by the group, or zero.</param>
internal readonly record struct AppendAck(Term Term, EntryId Last, LogIndex SnapshotIndex)
{
    /// <summary>Gets a value indicating whether the report says nothing; then it need not be delivered.</summary>
    public bool IsEmpty => Last.Index.IsZero && SnapshotIndex.IsZero;

    /// <summary>Returns the short form that transcripts use.</summary>
    public override string ToString() => $"{Term} durable {Last} snapshot {SnapshotIndex}";
}
