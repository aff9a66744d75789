using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests;

/// <summary>
/// A store on a member that does not lead: what was written through it is there when the write returns.
/// </summary>
public sealed class FollowerTests
{
    private static readonly GetOptions Serializable = new() { Serializable = true };

    private readonly FakeTimeProvider _clock = new();
    private readonly KeyValueStateMachine _machine;
    private readonly FollowerLog _log;
    private readonly EmbeddedKeyValueStore _store;

    public FollowerTests()
    {
        _machine = new(clock: _clock);
        _log = new(_machine);
        _store = new(_log, _machine);
    }

    [Fact]
    public async Task A_write_returns_when_this_member_has_it_so_that_a_local_read_sees_it()
    {
        Task<PutResult> put = _store.PutAsync("a", "1").AsTask();
        Task<LeaseGrant> grant = _store.GrantLeaseAsync(TimeSpan.FromSeconds(10)).AsTask();
        Assert.False(put.IsCompleted);
        _log.CatchUp(1);
        Assert.Equal(2, (await put).Revision.Value);
        Assert.Equal(1, (await _store.GetAsync(KeyRange.All, Serializable)).Count);
        Assert.False(grant.IsCompleted);
        _log.CatchUp(1);
        await grant;
    }

    [Fact]
    public async Task A_member_that_is_cut_off_gives_the_answer_that_it_has()
    {
        Task<PutResult> put = _store.PutAsync("a", "1").AsTask();
        _clock.Advance(_log.ElectionTimeout);
        Assert.Equal(2, (await put).Revision.Value);
    }

    [Fact]
    public async Task A_member_that_stops_gives_the_answer_that_it_has()
    {
        Task<PutResult> put = _store.PutAsync("a", "1").AsTask();
        _store.Dispose();
        Assert.Equal(2, (await put).Revision.Value);
        Assert.Equal(3, (await _store.PutAsync("a", "1")).Revision.Value);
    }

    /// <summary>A log whose leader is elsewhere and ahead.</summary>
    private sealed class FollowerLog(KeyValueStateMachine follower) : IReplicatedLog
    {
        private readonly KeyValueStateMachine _leader = new();
        private readonly Queue<AppliedCommand> _behind = new();
        private long _index;

        public Task Completion { get; } = new TaskCompletionSource().Task;

        public NodeId Member => new(7);

        public Term LeadingTerm => default;

        public bool HasLeader => true;

        public TimeSpan ElectionTimeout => TimeSpan.FromSeconds(1);

        public ValueTask<ProposalResult> ProposeAsync(
            ReadOnlyMemory<byte> command, SessionTicket ticket, CancellationToken cancellationToken)
        {
            AppliedCommand entry = new(new(new(1), new(++_index)), command.ToArray());
            _behind.Enqueue(entry);
            ApplyResult result = _leader.Apply(entry);
            return new(new ProposalResult(entry.Id, result.Value, result.Payload.ToArray()));
        }

        public ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken) => new(new LogIndex(_index));

        public void CatchUp(int commands)
        {
            while (commands-- > 0)
            {
                AppliedCommand entry = _behind.Dequeue();
                follower.Apply(entry);
                follower.OnBatchApplied(entry.Id.Index);
            }
        }
    }
}
