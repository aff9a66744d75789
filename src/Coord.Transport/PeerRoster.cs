using Coord.Raft;

namespace Coord.Transport;

/// <summary>Who is in a cluster, as one of its members has told.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Members">Its members, with where they are reached; the one who told among them.</param>
public sealed record PeerRoster(ClusterId ClusterId, IReadOnlyList<MemberAddress> Members);
