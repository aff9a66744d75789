using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Cluster service, whatever carried the request.</summary>
internal sealed partial class ClusterHandler(EtcdMember member, TimeProvider timeProvider)
{
    public async ValueTask<MemberListResponse> MemberListAsync(
        MemberListRequest request, CancellationToken cancellationToken)
    {
        if (request.Linearizable)
            await member.Node.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);

        MemberListResponse response = new() { Header = Header() };
        response.Members.AddRange(Describe(member.Node.Status.Membership));
        return response;
    }

    /// <summary>The header of the service's answers: who is in the cluster has no revision.</summary>
    private ResponseHeader Header() => member.Header(Revision.Zero);

    private IEnumerable<Protocol.Etcd.Member> Describe(Membership membership)
    {
        Dictionary<NodeId, MemberInfo> published = member.Store.Members.ToDictionary(info => info.Id);
        foreach (Raft.Member known in membership.Members)
        {
            MemberInfo? info = published.GetValueOrDefault(known.Id);
            if (info is null && known.Id == member.Node.Id)
                info = Self();
            yield return Describe(known, info, IsShownAsLearner(membership, known.Id));
        }
    }

    /// <summary>What this member is going to publish, once there is a leader.</summary>
    private MemberInfo? Self()
    {
        EtcdApiOptions options = member.Options;
        return options.MemberName.Length == 0
            ? null
            : new MemberInfo(member.Node.Id, options.MemberName, [.. options.PeerUrls], [.. options.ClientUrls]);
    }

    /// <summary>
    /// Tells whether a member is a learner to clients. One that will vote as soon as it has caught up is a voter to
    /// them: etcd lets a new voter count before it has started, Coord does not.
    /// </summary>
    private static bool IsShownAsLearner(Membership membership, NodeId id) =>
        membership.IsLearner(id) && membership.TryGetMember(id, out Raft.Member known) && !known.PromoteWhenCaughtUp;

    private static Protocol.Etcd.Member Describe(Raft.Member known, MemberInfo? info, bool isLearner)
    {
        Protocol.Etcd.Member described = new() { ID = known.Id.Value, IsLearner = isLearner };
        if (info is not null)
        {
            described.Name = info.Name;
            described.PeerURLs.AddRange(info.PeerUrls);
            described.ClientURLs.AddRange(info.ClientUrls);
        }

        // One that has not started yet has told nobody its URLs; where it is expected is known all the same.
        if (described.PeerURLs.Count == 0 && known.Address.Length > 0)
            described.PeerURLs.Add($"http://{known.Address}");
        return described;
    }
}
