using Coord.Raft;

namespace Coord.Kv;

/// <summary>What the embedded store needs of the log. Implemented over the node of Coord.Raft.</summary>
internal interface IReplicatedLog
{
    /// <summary>Gets a task that ends when the member stops, faulted if it stopped by itself.</summary>
    Task Completion { get; }

    /// <summary>Gets this member's id.</summary>
    NodeId Member { get; }

    /// <summary>Gets the term that this member leads, as far as it knows; zero if it does not lead.</summary>
    Term LeadingTerm { get; }

    /// <summary>Gets a value indicating whether this member knows a leader.</summary>
    bool HasLeader { get; }

    /// <summary>Gets the least time without a leader after which members elect another one.</summary>
    TimeSpan ElectionTimeout { get; }

    /// <summary>
    /// Proposes a command and waits until it is applied by the leader. The bytes are copied before it returns.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="ticket">Its place in a session, by which it is applied once however often it is proposed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, SessionTicket ticket, CancellationToken cancellationToken);

    /// <summary>Waits until everything that was committed when it was called is applied here.</summary>
    ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken);
}
