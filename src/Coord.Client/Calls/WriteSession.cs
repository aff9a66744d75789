using Coord.Raft;

namespace Coord.Client.Calls;

/// <summary>A session that this client has with a cluster. Thread-safe.</summary>
internal sealed class WriteSession(ulong clusterId, ulong id)
{
    /// <summary>Gets what gives writes their numbers.</summary>
    public SessionTickets Tickets { get; } = new(id);

    /// <summary>Writes a place in the session as a call carries it; see coord.proto.</summary>
    public string Describe(SessionTicket ticket) =>
        $"{clusterId:x}.{ticket.Session:x}.{ticket.Sequence:x}.{ticket.LowestUnanswered:x}";
}
