using Coord.Raft;

namespace Coord.Hosting.Tests;

/// <summary>A stopping leader hands over to who needs least to take over.</summary>
public sealed class SuccessorTests
{
    private static readonly RaftStatus Leader = new()
    {
        Id = new(1),
        Role = RaftRole.Leader,
        Membership = new()
        {
            Voters = [new(1), new(2), new(3), new(4)],
            Learners = [new(5)],
            Members = [new(new(4), LogIndex.Zero, "", IsWitness: true)],
        },
        Match = new Dictionary<NodeId, LogIndex>
        {
            [new(1)] = new(90),
            [new(2)] = new(50),
            [new(3)] = new(70),
            [new(4)] = new(80),
            [new(5)] = new(90),
        },
    };

    [Fact]
    public void The_voter_with_most_of_the_log_succeeds_but_no_witness_or_learner() =>
        Assert.Equal(new NodeId(3), RaftHostedService.ChooseSuccessor(Leader));

    [Fact]
    public void Who_does_not_lead_hands_nothing_over() =>
        Assert.Equal(NodeId.None, RaftHostedService.ChooseSuccessor(Leader with { Role = RaftRole.Follower }));

    [Fact]
    public void Who_is_alone_has_no_successor() => Assert.Equal(
        NodeId.None,
        RaftHostedService.ChooseSuccessor(Leader with { Membership = new() { Voters = [new(1)] } }));
}
