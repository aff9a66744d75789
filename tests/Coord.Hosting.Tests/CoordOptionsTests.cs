using Coord.Raft;
using Microsoft.Extensions.Options;

namespace Coord.Hosting.Tests;

/// <summary>Options that cannot work are refused before anything starts, each with what is wrong.</summary>
public sealed class CoordOptionsTests
{
    private static readonly Dictionary<string, Action<CoordOptions>> Wrong = new()
    {
        ["NodeId must not be zero"] = o => o.NodeId = NodeId.None,
        ["ClusterId must not be zero"] = o => o.ClusterId = default,
        ["DataDirectory must be given"] = o => o.DataDirectory = " ",
        ["InitialMembers must contain this member"] = o => o.NodeId = new(9),
        ["InitialMembers must not name a member twice"] = o => o.AddMember(2, "again:1"),
        ["InitialMembers must not contain the id zero"] = o => o.AddMember(0, "zero:1"),
        ["InitialMembers must name this member"] = o => o.InitialMembers.Clear(),
        ["InitialMembers must give an address to each member; n4 has none"] = o => o.AddMember(4, ""),
        ["HeartbeatInterval must be at least"] = o => o.Raft.HeartbeatInterval = TimeSpan.Zero,
        ["HeartbeatInterval must be at most"] = o => o.Raft.HeartbeatInterval = TimeSpan.FromMinutes(1),
        ["ElectionTimeout must be at least five"] = o => o.Raft.ElectionTimeout = TimeSpan.FromMilliseconds(200),
        ["ElectionTimeout must be at most"] = o => o.Raft.ElectionTimeout = TimeSpan.FromHours(1),
        ["LeaseReads needs CheckQuorum"] = o => (o.Raft.LeaseReads, o.Raft.CheckQuorum) = (true, false),
        ["MaxCommandBytes must be from"] = o => o.Raft.MaxCommandBytes = 1,
        ["KeyValue.MaxRequestBytes (1572864) must be at most Raft.MaxCommandBytes (65536)"] =
            o => o.Raft.MaxCommandBytes = 64 * 1024,
        ["MaxKeyBytes is 0"] = o => o.KeyValue.MaxKeyBytes = 0,
        ["QuotaBytes is -1"] = o => o.KeyValue.QuotaBytes = -1,
        ["LeadershipHandOverTimeout must not be negative"] = o => o.LeadershipHandOverTimeout = TimeSpan.FromTicks(-1),
    };

    public static TheoryData<string> Rules() => new(Wrong.Keys);

    [Theory]
    [MemberData(nameof(Rules))]
    public void What_cannot_work_is_refused_by_name(string problem)
    {
        CoordOptions options = Good();
        Wrong[problem](options);
        ValidateOptionsResult result = new CoordOptionsValidator().Validate(null, options);
        Assert.Contains(result.Failures ?? [], failure => failure.StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void All_problems_are_named_at_once()
    {
        CoordOptions options = Good();
        options.NodeId = NodeId.None;
        options.DataDirectory = "";
        options.KeyValue.QuotaBytes = -1;
        Assert.True(new CoordOptionsValidator().Validate(null, options).Failures!.Count() >= 3);
    }

    [Fact]
    public void A_good_cluster_is_accepted() =>
        Assert.True(new CoordOptionsValidator().Validate(null, Good()).Succeeded);

    [Fact]
    public void The_defaults_are_a_node_of_its_own()
    {
        CoordOptions options = new();
        options.CompleteIfAlone();
        Assert.True(new CoordOptionsValidator().Validate(null, options).Succeeded);
        Assert.Equal((new NodeId(1), new ClusterId(1), "coord-data"),
            (options.NodeId, options.ClusterId, options.DataDirectory));
        Assert.Equal(new NodeId(1), Assert.Single(options.InitialMembers).Id);
    }

    [Fact]
    public void A_node_that_joins_or_has_others_is_told_everything_or_refused()
    {
        CoordOptions joining = new() { JoinExisting = true };
        joining.CompleteIfAlone();
        Assert.Empty(joining.InitialMembers);
        Assert.False(new CoordOptionsValidator().Validate(null, joining).Succeeded);
    }

    private static CoordOptions Good() =>
        new CoordOptions { NodeId = new(1), ClusterId = new(0x7e57), DataDirectory = "data" }
            .AddMember(1, "a:7400")
            .AddMember(2, "b:7400")
            .AddMember(3, "c:7400");
}
