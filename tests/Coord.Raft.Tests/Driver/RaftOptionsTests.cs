namespace Coord.Raft.Tests.Driver;

/// <summary>Each rule of the options, broken once: the message names the option.</summary>
public sealed class RaftOptionsTests
{
    public static TheoryData<string, Action<RaftOptions>> Mistakes => new()
    {
        { nameof(RaftOptions.NodeId), o => o.NodeId = default },
        { nameof(RaftOptions.ClusterId), o => o.ClusterId = default },
        { nameof(RaftOptions.DataDirectory), o => o.DataDirectory = " " },
        { nameof(RaftOptions.HeartbeatInterval), o => o.HeartbeatInterval = TimeSpan.Zero },
        { nameof(RaftOptions.HeartbeatInterval), o => o.HeartbeatInterval = TimeSpan.FromSeconds(11) },
        { nameof(RaftOptions.ElectionTimeout), o => o.ElectionTimeout = TimeSpan.FromMilliseconds(499) },
        { nameof(RaftOptions.ElectionTimeout), o => o.ElectionTimeout = TimeSpan.FromSeconds(101) },
        { nameof(RaftOptions.RequestTimeout), o => o.RequestTimeout = o.ElectionTimeout },
        { nameof(RaftOptions.SnapshotEntries), o => o.SnapshotEntries = 0 },
        { nameof(RaftOptions.SnapshotBytes), o => o.SnapshotBytes = 0 },
        { nameof(RaftOptions.TrailingEntries), o => o.TrailingEntries = -1 },
        { nameof(RaftOptions.MaxCommandBytes), o => o.MaxCommandBytes = 1023 },
        { nameof(RaftOptions.MaxCommandBytes), o => o.MaxCommandBytes = (8 << 20) + 1 },
        { nameof(RaftOptions.MaxPendingProposals), o => o.MaxPendingProposals = 0 },
        { nameof(RaftOptions.MaxPendingBytes), o => o.MaxPendingBytes = o.MaxCommandBytes - 1 },
        { nameof(RaftOptions.MaxUncommittedBytes), o => o.MaxUncommittedBytes = o.MaxCommandBytes - 1 },
        { nameof(RaftOptions.MaxQueuedMessages), o => o.MaxQueuedMessages = 0 },
        { nameof(RaftOptions.LeaseDriftPercent), o => o.LeaseDriftPercent = 51 },
        { nameof(RaftOptions.LeaseReads), o => (o.LeaseReads, o.CheckQuorum) = (true, false) },
        { nameof(RaftOptions.Priority), o => o.Priority = 9 },
        { nameof(RaftOptions.SnapshotSendBytesPerSecond), o => o.SnapshotSendBytesPerSecond = 1 },
        { nameof(RaftOptions.MaxSessions), o => o.MaxSessions = 0 },
        { nameof(RaftOptions.SegmentBytes), o => o.SegmentBytes = (1 << 20) - 1 },
        { nameof(RaftOptions.SegmentBytes), o => (o.SegmentBytes, o.MaxCommandBytes) = (1 << 20, 1 << 20) },
        { nameof(RaftOptions.InitialMembers), o => o.InitialMembers.Clear() },
        { nameof(RaftOptions.InitialMembers), o => o.InitialMembers[0] = new Member(new NodeId(9), default, "x") },
        { nameof(RaftOptions.InitialMembers), o => o.InitialMembers.Add(o.InitialMembers[0]) },
        { nameof(RaftOptions.InitialMembers), o => o.InitialMembers.Add(default) },
        { nameof(RaftOptions.IsWitness), o => o.IsWitness = true },
        {
            nameof(RaftOptions.InitialMembers),
            o => (o.IsWitness, o.InitialMembers[0]) = (true, o.InitialMembers[0] with { IsWitness = true })
        },
    };

    [Fact]
    public void The_defaults_need_an_identity_a_directory_and_members()
    {
        Assert.Equal(4, new RaftOptions().Validate().Count);
        Assert.Empty(Valid().Validate());
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_named(string option, Action<RaftOptions> mistake)
    {
        RaftOptions options = Valid();
        mistake(options);

        Assert.Contains(options.Validate(), error => error.Contains(option, StringComparison.Ordinal));
    }

    private static RaftOptions Valid()
    {
        RaftOptions options = new() { NodeId = new(1), ClusterId = new(1), DataDirectory = "data" };
        options.InitialMembers.Add(new Member(new NodeId(1), default, "n1"));
        return options;
    }
}
