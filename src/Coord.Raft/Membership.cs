using System.Collections.Immutable;
using System.Text;

namespace Coord.Raft;

/// <summary>Who belongs to the cluster, and in which part (Raft §6). Immutable; compared by content.</summary>
/// <remarks>
/// All lists are sorted by id. While <see cref="VotersOutgoing"/> is not empty the membership is joint: decisions need
/// a majority of both lists. A member is in <see cref="LearnersNext"/> if it is still a voter of the outgoing half and
/// becomes a learner when the joint membership is left.
/// </remarks>
public sealed record Membership
{
    /// <summary>Gets the membership of a member that has not heard of its cluster yet.</summary>
    public static Membership Empty { get; } = new();

    /// <summary>Gets the voters, the incoming half if joint.</summary>
    public ImmutableArray<NodeId> Voters { get; init; } = [];

    /// <summary>Gets the voters of the membership being left; empty unless joint.</summary>
    public ImmutableArray<NodeId> VotersOutgoing { get; init; } = [];

    /// <summary>Gets those who receive the log but do not vote.</summary>
    public ImmutableArray<NodeId> Learners { get; init; } = [];

    /// <summary>Gets the voters who become learners when the joint membership is left.</summary>
    public ImmutableArray<NodeId> LearnersNext { get; init; } = [];

    /// <summary>Gets a value indicating whether a joint membership is left by itself once it is applied.</summary>
    public bool AutoLeave { get; init; }

    /// <summary>Gets what is known of each member besides its part, sorted by id.</summary>
    public ImmutableArray<Member> Members { get; init; } = [];

    /// <summary>Gets the index of the configuration entry that made this membership; zero for an initial one.</summary>
    public LogIndex Version { get; init; }

    /// <summary>Gets a value indicating whether decisions need two majorities.</summary>
    public bool IsJoint => !VotersOutgoing.IsEmpty;

    /// <summary>Makes the membership that a new cluster starts with: all members vote.</summary>
    /// <param name="members">The members, in any order.</param>
    /// <exception cref="ArgumentException">An id is zero or appears twice, or all are witnesses.</exception>
    public static Membership CreateInitial(IEnumerable<Member> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        ImmutableArray<Member> sorted = [.. members.OrderBy(member => member.Id)];
        for (int i = 0; i < sorted.Length; i++)
        {
            if (sorted[i].Id.IsNone || (i > 0 && sorted[i].Id == sorted[i - 1].Id))
                throw new ArgumentException($"The id {sorted[i].Id} is zero or appears twice.", nameof(members));
        }

        if (sorted.Length > 0 && sorted.All(member => member.IsWitness))
            throw new ArgumentException("Witnesses alone have nobody to lead them.", nameof(members));
        return new Membership { Voters = [.. sorted.Select(member => member.Id)], Members = sorted };
    }

    /// <summary>Tells whether a node votes, in either half.</summary>
    /// <param name="id">The node.</param>
    public bool IsVoter(NodeId id) => Voters.BinarySearch(id) >= 0 || VotersOutgoing.BinarySearch(id) >= 0;

    /// <summary>Tells whether a node receives the log but does not vote.</summary>
    /// <param name="id">The node.</param>
    public bool IsLearner(NodeId id) => Learners.BinarySearch(id) >= 0;

    /// <summary>Tells whether a node belongs to the cluster in any part.</summary>
    /// <param name="id">The node.</param>
    public bool Contains(NodeId id) => IsVoter(id) || IsLearner(id);

    /// <summary>Finds what is known of a member.</summary>
    /// <param name="id">The node.</param>
    /// <param name="member">The member, or default.</param>
    /// <returns>False if the node is no member.</returns>
    public bool TryGetMember(NodeId id, out Member member)
    {
        foreach (Member candidate in Members)
        {
            if (candidate.Id == id)
            {
                member = candidate;
                return true;
            }
        }

        member = default;
        return false;
    }

    /// <summary>Compares by content; a record would compare the lists by identity.</summary>
    /// <param name="other">The other membership.</param>
    public bool Equals(Membership? other) =>
        other is not null && AutoLeave == other.AutoLeave && Version == other.Version &&
        Voters.AsSpan().SequenceEqual(other.Voters.AsSpan()) &&
        VotersOutgoing.AsSpan().SequenceEqual(other.VotersOutgoing.AsSpan()) &&
        Learners.AsSpan().SequenceEqual(other.Learners.AsSpan()) &&
        LearnersNext.AsSpan().SequenceEqual(other.LearnersNext.AsSpan()) &&
        Members.AsSpan().SequenceEqual(other.Members.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Version, Voters.Length, Learners.Length, AutoLeave);

    /// <summary>Returns the short form that logs use, such as <c>voters=(1 2)&amp;&amp;(1) learners=(3)</c>.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        Append(text.Append("voters="), Voters);
        if (IsJoint)
            Append(text.Append("&&"), VotersOutgoing);
        if (!Learners.IsEmpty)
            Append(text.Append(" learners="), Learners);
        if (!LearnersNext.IsEmpty)
            Append(text.Append(" learners_next="), LearnersNext);
        return text.Append(AutoLeave ? " autoleave" : "").ToString();
    }

    private static void Append(StringBuilder text, ImmutableArray<NodeId> ids) =>
        text.Append('(').AppendJoin(' ', ids.Select(id => id.Value)).Append(')');
}
