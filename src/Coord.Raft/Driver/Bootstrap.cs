using System.Collections.Immutable;

namespace Coord.Raft.Driver;

/// <summary>
/// How a cluster begins: every initial member makes the same snapshot of nothing at the same first entry.
/// </summary>
/// <remarks>
/// The first entry (term 1, index 1) stands for "this is the cluster", as if it had been committed. So a member that
/// joins later, whose log is empty, can only be caught up by a snapshot, which tells it the membership; and no member
/// can mistake an empty log of another cluster for the beginning of its own.
/// </remarks>
internal static class Bootstrap
{
    /// <summary>The entry that the first snapshot stands for.</summary>
    public static readonly EntryId FirstEntry = new(new Term(1), new LogIndex(1));

    /// <summary>Makes the first membership from the options.</summary>
    public static SnapshotMetadata CreateSnapshot(RaftOptions options)
    {
        ImmutableArray<Member> members = [.. options.InitialMembers
            .OrderBy(member => member.Id)
            .Select(member => member with { AddedAt = FirstEntry.Index, PromoteWhenCaughtUp = false })];

        return new SnapshotMetadata(FirstEntry, new Membership
        {
            Voters = [.. members.Select(member => member.Id)],
            Members = members,
        });
    }
}
