namespace Coord.Raft;

/// <summary>What a member must not forget in a crash (Raft, Figure 2), and the commit index, which it may.</summary>
/// <param name="Term">The latest term seen.</param>
/// <param name="Vote">Whom the member voted for in that term.</param>
/// <param name="Commit">The highest index known committed.</param>
public readonly record struct HardState(Term Term, NodeId Vote, LogIndex Commit)
{
    /// <summary>Returns the short form that logs and transcripts use, such as <c>t7 n2 41</c>.</summary>
    public override string ToString() => $"{Term} {Vote} {Commit}";
}
