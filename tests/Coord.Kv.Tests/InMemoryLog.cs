using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>A log of one member that commits at once, on the caller's thread.</summary>
internal sealed class InMemoryLog(KeyValueStateMachine stateMachine) : IReplicatedLog
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _index;

    public bool KeepCommands { get; set; }

    /// <summary>Gets the commands so far, as a member that replays its log sees them.</summary>
    public List<byte[]> Commands { get; } = [];

    public int Barriers { get; private set; }

    /// <summary>Gets or sets another member that applies the same commands.</summary>
    public KeyValueStateMachine? Follower { get; set; }

    /// <summary>Gets or sets what the next barrier throws, as if there were no quorum.</summary>
    public Exception? NoQuorum { get; set; }

    public NodeId Member { get; init; } = new(7);

    /// <summary>Gets or sets the term that this member leads; none as long as it does not.</summary>
    public Term LeadingTerm { get; set; } = new(1);

    public bool HasLeader { get; set; } = true;

    public TimeSpan ElectionTimeout => TimeSpan.FromSeconds(1);

    public Task Completion => _completion.Task;

    public ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, SessionTicket ticket, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            EntryId id = new(new(1), new(++_index));
            byte[] copy = command.ToArray();
            if (KeepCommands)
                Commands.Add([.. copy]);
            ApplyResult result = stateMachine.Apply(new(id, copy));
            ProposalResult answer = new(id, result.Value, result.Payload.ToArray());
            stateMachine.OnBatchApplied(id.Index);
            Follower?.Apply(new(id, copy));

            // Whoever kept the borrowed payload will read this.
            Array.Fill(copy, (byte)0xdd);
            return ValueTask.FromResult(answer);
        }
    }

    public ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken)
    {
        Barriers++;
        return NoQuorum is null
            ? ValueTask.FromResult(new LogIndex(_index))
            : ValueTask.FromException<LogIndex>(NoQuorum);
    }

    public void Stop(Exception? reason = null)
    {
        if (reason is null)
            _completion.SetResult();
        else
            _completion.SetException(reason);
    }
}
