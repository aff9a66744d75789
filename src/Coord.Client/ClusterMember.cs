using Coord.Raft;

namespace Coord.Client;

/// <summary>A member of the cluster, as the cluster lists it. Immutable.</summary>
/// <param name="Id">Which member.</param>
/// <param name="Name">Its name; empty if it has not started yet.</param>
/// <param name="PeerUrls">Where other members reach it.</param>
/// <param name="ClientUrls">Where clients reach it; empty if it has not started yet.</param>
/// <param name="IsLearner">Whether it only receives the log, and has no vote.</param>
public sealed record ClusterMember(
    NodeId Id, string Name, IReadOnlyList<string> PeerUrls, IReadOnlyList<string> ClientUrls, bool IsLearner);
