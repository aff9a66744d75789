using System.Text;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>
/// Raft §6: what a change makes of a membership and of the progress of its members, by published cases.
/// </summary>
public sealed class ConfChangeConformanceTests
{
    public static TheoryData<string> Files => PublishedCases.Files(
        "confchange", "simple_idempotency", "simple_promote_demote", "simple_safety", "update", "zero");

    [PublishedTheory]
    [MemberData(nameof(Files))]
    public void Changes_make_memberships_as_published(string file)
    {
        Membership membership = Membership.Empty;
        ProgressTracker tracker = new(maxInflight: 10, maxInflightBytes: 0);
        LogIndex last = default;
        foreach (DataDrivenCase c in PublishedCases.Read($"confchange/{file}.txt"))
        {
            MembershipError error = Apply(c, membership, last, out membership);
            string actual;
            if (error is MembershipError.None)
            {
                tracker.Apply(membership, last, tick: 0);
                actual = Render(membership, tracker);
            }
            else
            {
                actual = Describe(c.Command, error);
            }

            Assert.Equal($"{file}:{c.Line}\n{c.Expected}", $"{file}:{c.Line}\n{actual}");
            last = last.Next;
        }
    }

    private static MembershipError Apply(DataDrivenCase c, Membership current, LogIndex last, out Membership next)
    {
        MemberChange[] changes = ChangeNotation.Parse(c.Input);
        switch (c.Command)
        {
            case "simple":
                return MembershipChanger.TryApplySimple(current, changes, last, out next);
            case "enter-joint":
                MembershipTransition transition = c.Flag("autoleave")
                    ? MembershipTransition.JointImplicit
                    : MembershipTransition.JointExplicit;
                MembershipChange change = new() { Changes = [.. changes], Transition = transition };
                return MembershipChanger.TryApply(current, change, last, out next);
            case "leave-joint":
                return MembershipChanger.TryApply(current, MembershipChange.LeaveJoint, last, out next);
            default:
                throw new InvalidOperationException(c.Command);
        }
    }

    private static string Describe(string command, MembershipError error) => error switch
    {
        MembershipError.NoVoters => "removed all voters",
        MembershipError.NeedsJoint => "more than one voter changed without entering joint config",
        MembershipError.AlreadyJoint when command == "simple" => "can't apply simple config change in joint config",
        MembershipError.AlreadyJoint => "config is already joint",
        MembershipError.NotJoint => "can't leave a non-joint config",
        MembershipError.NoVotersToLeave => "can't make a zero-voter config joint",
        _ => $"{error}",
    };

    private static string Render(Membership membership, ProgressTracker tracker)
    {
        StringBuilder text = new(PublishedText.Configuration(membership));
        foreach (Progress progress in tracker.Members)
        {
            text.Append($"\n{progress.Id.Value}: State{progress.State} match={progress.Match} next={progress.Next}");
            text.Append(progress.IsLearner ? " learner" : "");
        }

        return text.ToString();
    }
}
