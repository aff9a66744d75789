using Coord.Raft;

namespace Coord.Kv;

/// <summary>How a member is called and reached, as it has published itself to the others. Immutable.</summary>
/// <param name="Id">Which member.</param>
/// <param name="Name">Its name; empty if it has not started yet.</param>
/// <param name="PeerUrls">Where other members reach it.</param>
/// <param name="ClientUrls">Where clients reach it; empty if it has not started yet.</param>
public sealed record MemberInfo(
    NodeId Id, string Name, IReadOnlyList<string> PeerUrls, IReadOnlyList<string> ClientUrls);
