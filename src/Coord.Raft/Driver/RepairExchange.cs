using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>
/// What members with damaged logs ask each other, answer, and conclude. No clock, no files, no threads.
/// </summary>
/// <remarks>
/// <para>
/// Each asks everybody for what was before an entry that its log held, and answers the same question of others, so that
/// members with different damage help each other. Every answer that brings something makes the hole smaller, whatever
/// the order in which answers come, and whichever are lost.
/// </para>
/// <para>
/// What follows the hole is given up only if nothing of it can matter, because it may be the last copy of what it is.
/// That is so if it is of another history than the snapshot that the log stands on; if so many have said that they
/// never had an entry of it that it cannot have been committed, and none of these knows of a later membership; or if
/// somebody knows entries as committed that are beyond everything here, or of a later term: he has all of this that
/// was committed (leader completeness), and can pass it on. How many are silent does not matter, so nobody is waited
/// for in vain who was removed meanwhile. A peer that is damaged at the same place says nothing of the kind: if all
/// are, all wait.
/// </para>
/// </remarks>
internal sealed class RepairExchange
{
    // Rounds without any progress before a leader's help is preferred to that of peers that have not answered.
    private const int PatientRounds = 10;

    private readonly FragmentedLog _remains;
    private readonly Term _term;
    private readonly Membership _membership;
    private readonly NodeId _self;
    private readonly SortedDictionary<NodeId, Heard> _heard = [];

    /// <summary>Begins with what is left.</summary>
    /// <param name="remains">It, standing on a snapshot.</param>
    /// <param name="term">This member's term.</param>
    /// <param name="membership">The membership of the snapshot.</param>
    /// <param name="self">This member.</param>
    public RepairExchange(FragmentedLog remains, Term term, Membership membership, NodeId self)
    {
        (_remains, _term, _membership, _self) = (remains, term, membership, self);
        Peers = FindPeers();
    }

    /// <summary>Gets the members by the snapshot, and whom changes of that in the log's pieces name.</summary>
    public IReadOnlyList<Member> Peers { get; private set; }

    private LogPiece Hole => _remains.Pieces[1];

    /// <summary>Makes an answer.</summary>
    /// <param name="request">The question.</param>
    /// <param name="term">The term of who answers.</param>
    /// <param name="answer">Whether it can help.</param>
    /// <param name="before">The id before the entries; without any to give, the last id known as committed.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="membership">The newest change of the membership in the log of who answers.</param>
    public static Message CreateAnswer(
        in Message request, Term term, RepairAnswer answer, EntryId before, ReadOnlyMemory<Entry> entries,
        LogIndex membership) => new()
        {
            Kind = MessageKind.RepairResponse,
            From = request.To,
            To = request.From,
            Term = term,
            Log = before,
            Hint = request.Hint,
            Commit = request.Commit,
            Reject = answer is not RepairAnswer.Found,
            Context = (ulong)answer,
            Session = membership,
            Entries = entries,
        };

    /// <summary>Asks all peers for what is missing before the second piece.</summary>
    public IEnumerable<Message> Ask() => Peers.Where(peer => peer.Id != _self).Select(peer => new Message
    {
        Kind = MessageKind.Repair,
        From = _self,
        To = peer.Id,
        Term = _term,
        Log = FloorOf(Hole),
        Hint = Hole.Anchor,
        Commit = Hole.Before.Index,
    });

    /// <summary>Answers a peer that asks.</summary>
    public Message Answer(in Message request)
    {
        // Nothing is said of what is committed, nor of what was never here: of that a damaged log is no witness.
        RepairAnswer answer = _remains.FindBefore(
            request.Hint, request.Log.Index, request.Commit, out EntryId before, out ReadOnlyMemory<Entry> entries);
        return CreateAnswer(request, _term, answer, before, entries, default);
    }

    /// <summary>Takes an answer.</summary>
    /// <returns>Whether it brought anything; then the message's entries belong to the log.</returns>
    public bool Take(in Message answer)
    {
        if (answer.Hint != Hole.Anchor || answer.Commit != Hole.Before.Index)
            return false; // To an earlier question.

        if (answer.Reject || !_remains.TryFill(answer.Log, answer.Entries.Span))
        {
            _heard[answer.From] = answer.Reject
                ? new Heard((RepairAnswer)answer.Context, answer.Log, answer.Session)
                : new Heard(RepairAnswer.Unknown, default, default);
            return false;
        }

        _heard.Clear();
        Peers = FindPeers();
        return true;
    }

    /// <summary>Tells whether the peers have nothing that helps, and what follows the hole is of no use.</summary>
    /// <param name="quietRounds">How often the question was asked since anything came of it.</param>
    public bool IsInVain(int quietRounds)
    {
        if (Hole.IsBeforeKnown && Hole.Before.Index <= _remains.Pieces[0].Before.Index)
            return true;
        if (CannotBeCommitted(_membership.Voters) || CannotBeCommitted(_membership.VotersOutgoing))
            return true;

        EntryId last = _remains.Last;
        bool isDecided = _heard.Values.Any(
            heard => heard.Committed.Term > last.Term || heard.Committed.Index >= last.Index);
        return isDecided && (quietRounds >= PatientRounds || HaveAllDeclined());
    }

    /// <summary>Describes what the peers said.</summary>
    public string DescribeAnswers() => string.Join(", ", _heard);

    // What is missing begins behind the first piece; or before its end, if that turned out not to be the log's.
    private EntryId FloorOf(LogPiece hole)
    {
        EntryId last = _remains.Pieces[0].Last;
        if (last.Index < hole.Before.Index || !hole.IsBeforeKnown)
            return new EntryId(default, LogIndex.Min(last.Index, hole.Before.Index));

        LogIndex lower = hole.Before.Index - Math.Min(256, hole.Before.Index.Value);
        return new EntryId(default, LogIndex.Max(lower, _remains.Pieces[0].Before.Index));
    }

    /// <summary>Tells whether too few voters are left who can have had the anchor.</summary>
    private bool CannotBeCommitted(IReadOnlyCollection<NodeId> voters)
    {
        // With a majority of Count / 2 + 1, of whom this member may have been one. A later membership counts otherwise;
        // but while so many do not hold any change of it, that is not committed either.
        int without = voters.Count(id => _heard.TryGetValue(id, out Heard heard)
            && heard.Answer is RepairAnswer.NotHeld && heard.Membership <= _membership.Version);
        return voters.Count > 0 && without >= voters.Count - (voters.Count / 2);
    }

    private bool HaveAllDeclined() => Peers.All(peer => peer.Id == _self
        || (_heard.TryGetValue(peer.Id, out Heard heard)
            && heard.Answer is RepairAnswer.NotHeld or RepairAnswer.Compacted));

    private List<Member> FindPeers()
    {
        List<Member> peers = [.. _membership.Members];
        foreach (Entry entry in _remains.Pieces.SelectMany(piece => piece.Entries))
        {
            if (entry.Kind is not EntryKind.Membership
                || !MembershipChangeCodec.TryDecode(entry.Payload, out MembershipChange change))
                continue;

            foreach (MemberChange part in change.Changes)
            {
                if (part.Address.Length > 0 && !peers.Exists(peer => peer.Id == part.Id))
                    peers.Add(new Member(part.Id, default, part.Address));
            }
        }

        return peers;
    }

    private readonly record struct Heard(RepairAnswer Answer, EntryId Committed, LogIndex Membership)
    {
        public override string ToString() => $"{Answer}";
    }
}
