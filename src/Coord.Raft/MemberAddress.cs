namespace Coord.Raft;

/// <summary>A member as an operator names it: who, and where it can be reached.</summary>
/// <param name="Id">The member's id; never reused for another machine or a wiped disk.</param>
/// <param name="Address">Where its transport can be reached; empty keeps what is known.</param>
public readonly record struct MemberAddress(NodeId Id, string Address);
