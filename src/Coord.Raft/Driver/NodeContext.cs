using Microsoft.Extensions.Logging;

namespace Coord.Raft.Driver;

/// <summary>What the parts of one node have in common: its options, its seams, its pools and its clock.</summary>
internal sealed record NodeContext
{
    /// <summary>Gets the options.</summary>
    public required RaftOptions Options { get; init; }

    /// <summary>Gets the transport.</summary>
    public required IRaftTransport Transport { get; init; }

    /// <summary>Gets the blocks that payloads live in.</summary>
    public required EntryBlockPool Blocks { get; init; }

    /// <summary>Gets what proposals are made of.</summary>
    public required CompletionPool<PendingProposal> Proposals { get; init; }

    /// <summary>Gets the bound of the proposals that wait.</summary>
    public required ProposalBudget Budget { get; init; }

    /// <summary>Gets the monotonic time in nanoseconds.</summary>
    public required Func<long> Clock { get; init; }

    /// <summary>Gets the files, the chance and the pumps.</summary>
    public NodeEnvironment Environment { get; init; } = NodeEnvironment.System;

    /// <summary>Gets where to log.</summary>
    public required ILogger Logger { get; init; }
}
