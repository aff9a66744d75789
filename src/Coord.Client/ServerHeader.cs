using Coord.Kv;
using Coord.Raft;

namespace Coord.Client;

/// <summary>Who answered, and how far it was. Immutable.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Member">The member that answered.</param>
/// <param name="Revision">The store's revision; zero where the answer is not about the store.</param>
/// <param name="Term">The member's term.</param>
public readonly record struct ServerHeader(ClusterId ClusterId, NodeId Member, Revision Revision, Term Term);
