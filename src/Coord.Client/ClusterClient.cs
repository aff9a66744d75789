using Coord.Raft;
using Google.Protobuf.Collections;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client;

/// <summary>What operators do to the membership of a cluster. Thread-safe.</summary>
/// <remarks>
/// A change that the cluster refuses ends with <see cref="CoordServerException"/>, in the server's words; one whose
/// answer is lost, with <see cref="OutcomeUnknownException"/>: list the members before trying again.
/// </remarks>
public sealed class ClusterClient
{
    private readonly CoordClient _client;

    internal ClusterClient(CoordClient client) => _client = client;

    /// <summary>Lists the members.</summary>
    /// <param name="linearizable">Whether the list includes every change that ended before.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum.</exception>
    public async ValueTask<IReadOnlyList<ClusterMember>> ListAsync(
        bool linearizable = true, CancellationToken cancellationToken = default)
    {
        Wire.MemberListRequest request = new() { Linearizable = linearizable };
        Wire.MemberListResponse response = await _client.ReadAsync(
            request,
            (endpoint, call) => endpoint.Cluster.MemberListAsync(request, call),
            linearizable,
            0,
            cancellationToken).ConfigureAwait(false);
        _client.Observe(response.Header);
        return Members(response.Members);
    }

    /// <summary>Adds a member. Start its process afterwards.</summary>
    /// <param name="peerUrls">Where the others will reach it.</param>
    /// <param name="isLearner">Whether it has no vote until it is promoted.</param>
    /// <param name="cancellationToken">Stops waiting; it may be added all the same.</param>
    /// <returns>The new member, with its id.</returns>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public async ValueTask<ClusterMember> AddAsync(
        IEnumerable<string> peerUrls, bool isLearner = false, CancellationToken cancellationToken = default)
    {
        Wire.MemberAddRequest request = new() { IsLearner = isLearner };
        request.PeerURLs.AddRange(peerUrls);
        Wire.MemberAddResponse response = await _client.WriteAsync(
            request, (endpoint, call) => endpoint.Cluster.MemberAddAsync(request, call), [], 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
        return Member(response.Member);
    }

    /// <summary>Removes a member for good.</summary>
    /// <param name="member">Which member.</param>
    /// <param name="cancellationToken">Stops waiting; it may be removed all the same.</param>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public async ValueTask RemoveAsync(NodeId member, CancellationToken cancellationToken = default)
    {
        Wire.MemberRemoveRequest request = new() { ID = member.Value };
        Wire.MemberRemoveResponse response = await _client.WriteAsync(
            request, (endpoint, call) => endpoint.Cluster.MemberRemoveAsync(request, call), [], 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
    }

    /// <summary>Changes where the others reach a member.</summary>
    /// <param name="member">Which member.</param>
    /// <param name="peerUrls">Where.</param>
    /// <param name="cancellationToken">Stops waiting; it may be changed all the same.</param>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public async ValueTask UpdateAsync(
        NodeId member, IEnumerable<string> peerUrls, CancellationToken cancellationToken = default)
    {
        Wire.MemberUpdateRequest request = new() { ID = member.Value };
        request.PeerURLs.AddRange(peerUrls);
        Wire.MemberUpdateResponse response = await _client.WriteAsync(
            request, (endpoint, call) => endpoint.Cluster.MemberUpdateAsync(request, call), [], 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
    }

    /// <summary>Gives a learner its vote.</summary>
    /// <param name="member">Which member.</param>
    /// <param name="cancellationToken">Stops waiting; it may be promoted all the same.</param>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public async ValueTask PromoteAsync(NodeId member, CancellationToken cancellationToken = default)
    {
        Wire.MemberPromoteRequest request = new() { ID = member.Value };
        Wire.MemberPromoteResponse response = await _client.WriteAsync(
            request, (endpoint, call) => endpoint.Cluster.MemberPromoteAsync(request, call), [], 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
    }

    private static ClusterMember[] Members(RepeatedField<Wire.Member> members) => [.. members.Select(Member)];

    private static ClusterMember Member(Wire.Member member) =>
        new(new(member.ID), member.Name, [.. member.PeerURLs], [.. member.ClientURLs], member.IsLearner);
}
