using Coord.Raft;

namespace Coord.Kv;

/// <summary>What the embedded store needs of the log. Implemented over the node of Coord.Raft.</summary>
internal interface IReplicatedLog
{
    /// <summary>Gets a task that ends when the member stops, faulted if it stopped by itself.</summary>
    Task Completion { get; }

    /// <summary>
    /// Proposes a command and waits until it is applied here. The bytes are copied before it returns.
    /// </summary>
    ValueTask<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken);

    /// <summary>Waits until everything that was committed when it was called is applied here.</summary>
    ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken);
}
