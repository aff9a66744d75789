namespace Coord.Raft;

/// <summary>One part of a membership change.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Id">To whom. A part that names nobody is ignored.</param>
/// <param name="Address">The member's address; empty keeps what is known.</param>
/// <param name="IsWitness">Whether a new member is a witness; of an existing member it never changes.</param>
/// <param name="PromoteWhenCaughtUp">Whether the learner becomes a voter by itself.</param>
internal readonly record struct MemberChange(
    MemberChangeKind Kind, NodeId Id, string Address = "", bool IsWitness = false, bool PromoteWhenCaughtUp = false)
{
    /// <summary>Returns the short form that transcripts use, such as <c>v2</c>.</summary>
    public override string ToString() => $"{"vlru"[(int)Kind]}{Id.Value}";
}
