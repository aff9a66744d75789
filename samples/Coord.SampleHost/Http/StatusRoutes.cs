using Coord.Raft;
using Coord.SampleHost.Node;

namespace Coord.SampleHost.Http;

/// <summary>How the member stands, and the one thing an operator can tell it to do.</summary>
internal static class StatusRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/status", StatusAsync);
        routes.MapPost("/v1/transfer", TransferAsync);
    }

    private static Task StatusAsync(HttpContext context, CoordNode node)
    {
        RaftStatus status = node.Status;
        StatusJson json = new(
            node.Name, $"{status.Id.Value:x}", node.ClusterId.ToString(), RoleOf(status),
            status.Leader.IsNone ? null : node.NameOf(status.Leader),
            status.Leader.IsNone ? null : $"{status.Leader.Value:x}",
            status.Term.Value, status.Commit.Value, status.Applied.Value, status.LastEntry.Index.Value,
            status.FirstIndex.Value, status.SnapshotIndex.Value, node.Revision.Value,
            [.. status.Membership.Members.Select(member => Describe(member, status, node))]);
        return Answer.WriteAsync(context, json);
    }

    private static async Task TransferAsync(HttpContext context, CoordNode node)
    {
        string to = context.Request.Query["to"].ToString();
        NodeId target = node.Find(to)
            ?? throw new FormatException($"The parameter 'to' is '{to}'; it takes the name or the id of a member.");
        await node.Raft.TransferLeadershipAsync(target, context.RequestAborted);
        await Answer.WriteAsync(context, new TransferJson(node.NameOf(target)));
    }

    private static MemberJson Describe(Member member, RaftStatus status, CoordNode node)
    {
        Membership membership = status.Membership;
        string part = membership.Voters.Contains(member.Id) ? member.IsWitness ? "witness" : "voter"
            : membership.Learners.Contains(member.Id) ? "learner" : "leaving";
        long? match = status.Match.TryGetValue(member.Id, out LogIndex index) ? index.Value : null;
        return new MemberJson(node.NameOf(member.Id), $"{member.Id.Value:x}", member.Address, part, match);
    }

    private static string RoleOf(RaftStatus status) => status.Role switch
    {
        RaftRole.Leader => "leader",
        RaftRole.Candidate or RaftRole.PreCandidate => "candidate",
        _ => "follower",
    };
}
