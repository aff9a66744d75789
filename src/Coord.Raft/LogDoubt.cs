namespace Coord.Raft;

/// <summary>What a member cannot know whose log lost its end, and until when that matters.</summary>
/// <remarks>
/// <para>
/// It may have acknowledged entries that it no longer has, and so have helped to commit them. Its term and vote are
/// known (they are kept twice), so it breaks no promise by following, acknowledging and confirming reads. What it must
/// not do is help to elect a leader that lacks such an entry. So its vote counts only in company: a candidate needs a
/// majority of votes that are not in doubt, or the votes of all.
/// </para>
/// <para>
/// Why that is safe. Of a majority without doubt nobody has lost anything, so it is as good as any: for each committed
/// entry it has a member who holds that, and refuses a candidate without it (Raft §5.4.1). In an even cluster one vote
/// less would do, but not while its membership changes by one voter: the entry may have been committed by a majority of
/// the membership before. Acknowledgements that were on their way when the member stopped commit nothing later: as many
/// members have then entered the candidate's term. If all members voted, nobody is left who could know more; only then,
/// which takes doubt in a majority, is a lost end believed to have been a torn write.
/// </para>
/// <para>
/// Why it ends. A leader of a later term has all that was committed before (leader completeness holds by the above),
/// and puts its own entries behind it: who holds one of them holds all of it. And nothing above <see cref="Bound"/>
/// was ever acknowledged, so who was sent everything up to it by a leader of the same or a later term has again all
/// that it can have lost, and what a leader still counts as acknowledged is there again.
/// </para>
/// </remarks>
/// <param name="Term">The member's term when the loss was found: what it has promised was in terms up to it.</param>
/// <param name="Bound">No entry above this index had been in its log by then. The log ends before it.</param>
internal readonly record struct LogDoubt(Term Term, LogIndex Bound)
{
    /// <summary>Tells whether a log that a leader has brought up to an entry leaves no doubt.</summary>
    public bool IsResolvedBy(EntryId last) => last.Term > Term || last.Index >= Bound;

    /// <summary>Returns the doubt that stands for this and an earlier one.</summary>
    public LogDoubt With(LogDoubt? earlier) => earlier is not { } other
        ? this
        : new LogDoubt(Term >= other.Term ? Term : other.Term, LogIndex.Max(Bound, other.Bound));

    /// <summary>Returns the short form that logs use, such as <c>up to 41 in t7</c>.</summary>
    public override string ToString() => $"up to {Bound} in {Term}";
}
