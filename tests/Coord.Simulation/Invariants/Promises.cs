using Coord.Raft;

namespace Coord.Simulation.Invariants;

/// <summary>What a member has told others that it will not forget, whatever happens to its power.</summary>
/// <remarks>
/// To ask for votes promises nothing: a candidate counts its own vote only once it is durable.
/// </remarks>
internal sealed class Promises
{
    /// <summary>Gets or sets the term that it has answered in.</summary>
    public Term Term { get; set; }

    /// <summary>Gets or sets whom it voted for in that term.</summary>
    public NodeId Vote { get; set; }

    /// <summary>Gets the last index that it has acknowledged and not overwritten since.</summary>
    public LogIndex Acknowledged { get; private set; }

    /// <summary>Is told that the log no longer holds what it held from an index on: another leader's entries.</summary>
    public void OnTruncated(LogIndex index) => Acknowledged = LogIndex.Min(Acknowledged, new(index.Value - 1));

    /// <summary>Is told what the member sends.</summary>
    /// <param name="message">The message.</param>
    /// <param name="last">The end of its log now: what it acknowledges may be overwritten already.</param>
    public void OnSend(in Message message, LogIndex last)
    {
        switch (message.Kind)
        {
            case MessageKind.VoteResponse when !message.Reject:
                Promise(message.Term, message.To);
                break;
            case MessageKind.AppendResponse when !message.Reject:
                Promise(message.Term, default);
                Acknowledged = LogIndex.Max(Acknowledged, LogIndex.Min(message.Log.Index, last));
                break;
        }
    }

    private void Promise(Term term, NodeId vote)
    {
        if (term > Term)
            (Term, Vote) = (term, vote);
        else if (term == Term && Vote.IsNone)
            Vote = vote;
    }
}
