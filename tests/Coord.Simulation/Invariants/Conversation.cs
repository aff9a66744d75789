using Coord.Raft;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Invariants;

/// <summary>What members have said to each other, as far as others may rest something on it.</summary>
/// <remarks>
/// A leader may count only what was acknowledged to it, and a read is confirmed only by answers that were given after
/// it was asked for. Both are judged by what was said, so a mistake shows also if no harm comes of it.
/// </remarks>
internal sealed class Conversation(World world)
{
    private readonly Dictionary<(Term Term, NodeId By, LogIndex Session), LogIndex> _acknowledged = [];
    private readonly Dictionary<(NodeId By, NodeId To), long> _answeredAt = [];
    private readonly Dictionary<(NodeId By, NodeId To), long> _heardAt = [];

    /// <summary>Is told of each message that leaves a member.</summary>
    public void OnSend(in Message message)
    {
        if (message is { Kind: MessageKind.AppendResponse, Reject: false })
        {
            (Term, NodeId, LogIndex) key = (message.Term, message.From, message.Session);
            _acknowledged[key] = LogIndex.Max(_acknowledged.GetValueOrDefault(key), message.Log.Index);
        }
        else if (message.Kind is MessageKind.HeartbeatResponse)
        {
            _answeredAt[(message.From, message.To)] = world.Now;
        }
    }

    /// <summary>Is told of each message that reaches a member.</summary>
    public void OnArrival(NodeId by, NodeId to) => _heardAt[(by, to)] = world.Now;

    /// <summary>Returns how much a member has acknowledged to the leader of a term.</summary>
    /// <param name="term">The leader's term.</param>
    /// <param name="by">The member.</param>
    /// <param name="session">When it was added: what it said as a former member does not count.</param>
    public LogIndex Acknowledged(Term term, NodeId by, LogIndex session) =>
        _acknowledged.GetValueOrDefault((term, by, session));

    /// <summary>Tells whether a member is heard by a quorum since a time, itself counted.</summary>
    public bool IsHeardByQuorum(NodeId member, Membership membership, long since) =>
        HasQuorum(membership, each => each == member || _heardAt.GetValueOrDefault((each, member), -1) >= since);

    /// <summary>Tells whether somebody was confirmed as leader by a quorum that answered after a time.</summary>
    public bool IsAnyConfirmed(Membership membership, IEnumerable<NodeId> leaders, long since) =>
        leaders.Any(leader => HasQuorum(
            membership, each => each == leader || _answeredAt.GetValueOrDefault((each, leader), -1) >= since));

    /// <summary>Tells whether a majority of each half of a membership has a property.</summary>
    public static bool HasQuorum(Membership membership, Func<NodeId, bool> counts) =>
        IsMajority(membership.Voters, counts) && IsMajority(membership.VotersOutgoing, counts);

    private static bool IsMajority(IReadOnlyCollection<NodeId> voters, Func<NodeId, bool> counts) =>
        voters.Count == 0 || voters.Count(counts) > voters.Count / 2;
}
