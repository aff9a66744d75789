using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>
/// What a member does differently while its log may lack what it acknowledged: see <see cref="LogDoubt"/>.
/// </summary>
internal sealed partial class RaftCore
{
    // In a vote request: the sender knows that votes may be in doubt. Members of an older version do not say so, and
    // would count such a vote like any other; they get none.
    private const ulong CountsDoubt = 2;

    // In an answer: the vote is in doubt.
    private const ulong InDoubt = 2;

    // Election timeouts that a leader of the old term has for bringing this member to where it was.
    private const int DoubtPatience = 4;

    private LogDoubt? _doubt;
    private int _doubtElapsed;

    // The append that was refused in this tick while in doubt.
    private (Term Term, EntryId Log) _refused;

    /// <summary>Gets what this member's log may have lost, until a leader has brought it up to date.</summary>
    public LogDoubt? Doubt => _doubt;

    /// <summary>Tells whether this member's vote is worth anything to a candidate.</summary>
    private bool MayGrant(in Message request) => _doubt is null || request.Context == CountsDoubt;

    private ulong VoteContext => _doubt is null ? 0 : InDoubt;

    /// <summary>Asks for another leader where the present one cannot end the doubt.</summary>
    /// <remarks>
    /// It leads since before the loss, so it counts as acknowledged what is gone, and does not send it again; or it has
    /// nothing new to send. Its successor's first entry ends the doubt. Nothing has hurried so far: this costs the
    /// cluster an election, and most doubts end without it.
    /// </remarks>
    private void TickDoubt()
    {
        _refused = default;
        if (_doubt is not { } doubt || _leader.IsNone || _term > doubt.Term)
        {
            _doubtElapsed = 0;
            return;
        }

        if (++_doubtElapsed < DoubtPatience * _options.ElectionTicks)
            return;
        _doubtElapsed = 0;
        Report(RaftEventKind.LeaderDoubted, _leader, doubt.Bound);
        // Its answer to the leader's next message makes that step down, as that of any member at a higher term.
        BecomeFollower(_term.Next, default);
    }

    /// <summary>Tells whether an answer to an append would only bring the same append again, at once.</summary>
    private bool IsRefusedAgain(in Message append)
    {
        (Term, EntryId) refused = (append.Term, append.Log);
        if (_doubt is null || _refused == refused)
            return _doubt is not null;
        _refused = refused;
        return false;
    }

    private bool EndDoubtIfResolved()
    {
        if (_doubt is not { } doubt || !doubt.IsResolvedBy(_log.Last))
            return false;
        Debug.Assert(_term >= doubt.Term, "A term never goes back.");
        _doubt = null;
        Report(RaftEventKind.DoubtEnded, _leader, _log.Last.Index);
        return true;
    }
}
