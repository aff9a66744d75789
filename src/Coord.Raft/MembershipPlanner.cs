using System.Collections.Immutable;

namespace Coord.Raft;

/// <summary>Turns a wanted membership into the next change to propose. Pure.</summary>
/// <remarks>
/// Two steps, so that redundancy is never lower on the way than at both ends. First, in one change: new members come
/// in as learners (those that shall vote promote themselves), learners that are not wanted go, addresses change. Then,
/// when every wanted voter votes, in one change: voters that are not wanted go or become learners.
/// </remarks>
internal static class MembershipPlanner
{
    /// <summary>Tells whether nothing is left to do.</summary>
    public static bool IsReached(Membership current, MembershipTarget target) =>
        !current.IsJoint && VotersIn(current, target) && Admissions(current, target).IsEmpty &&
        Departures(current, target).IsEmpty;

    /// <summary>Returns the next change, or null if there is none: reached, or learners still catch up.</summary>
    public static MembershipChange? Next(Membership current, MembershipTarget target)
    {
        if (current.IsJoint)
            return null;
        ImmutableArray<MemberChange> changes = Admissions(current, target);
        if (changes.IsEmpty && VotersIn(current, target))
            changes = Departures(current, target);
        return changes.IsEmpty ? null : new MembershipChange { Changes = changes, ExpectedVersion = current.Version };
    }

    /// <summary>Says what is wrong with a target in itself, or null.</summary>
    public static string? Validate(MembershipTarget target)
    {
        if (target.Voters.IsEmpty)
            return "A cluster needs at least one voter that can lead.";
        HashSet<NodeId> seen = [];
        foreach (MemberAddress member in target.Voters.Concat(target.Learners).Concat(target.Witnesses))
        {
            if (member.Id.IsNone || !seen.Add(member.Id))
                return $"The id {member.Id} is zero or appears twice.";
        }

        return null;
    }

    private static bool VotersIn(Membership current, MembershipTarget target) =>
        target.Voters.Concat(target.Witnesses).All(member =>
            current.Voters.BinarySearch(member.Id) >= 0
            || (!target.AwaitsPromotion && current.IsLearner(member.Id)));

    private static ImmutableArray<MemberChange> Admissions(Membership current, MembershipTarget target)
    {
        SortedDictionary<NodeId, MemberChange> changes = [];
        foreach (MemberAddress member in target.Voters)
            Admit(member, votes: true, witness: false);
        foreach (MemberAddress member in target.Witnesses)
            Admit(member, votes: true, witness: true);
        foreach (MemberAddress member in target.Learners)
            Admit(member, votes: false, witness: false);
        foreach (NodeId id in current.Learners.Where(id => !IsWanted(target, id)))
            changes[id] = new MemberChange(MemberChangeKind.Remove, id);
        return [.. changes.Values];

        void Admit(MemberAddress member, bool votes, bool witness)
        {
            bool known = current.TryGetMember(member.Id, out Member present);
            bool promotionDiffers = current.IsLearner(member.Id) && present.PromoteWhenCaughtUp != votes;
            if (!known || promotionDiffers)
            {
                changes[member.Id] = new MemberChange(
                    MemberChangeKind.AddLearner, member.Id, member.Address ?? "", witness, votes);
            }
            else if (!string.IsNullOrEmpty(member.Address) && member.Address != present.Address)
            {
                changes[member.Id] = new MemberChange(MemberChangeKind.Update, member.Id, member.Address);
            }
        }
    }

    private static ImmutableArray<MemberChange> Departures(Membership current, MembershipTarget target) =>
    [
        .. current.Voters
            .Where(id => !target.Voters.Concat(target.Witnesses).Any(member => member.Id == id))
            .Select(id => new MemberChange(
                IsWanted(target, id) ? MemberChangeKind.AddLearner : MemberChangeKind.Remove, id)),
    ];

    private static bool IsWanted(MembershipTarget target, NodeId id) =>
        target.Voters.Concat(target.Witnesses).Concat(target.Learners).Any(member => member.Id == id);
}
