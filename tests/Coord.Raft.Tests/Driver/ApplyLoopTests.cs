using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Storage;

namespace Coord.Raft.Tests.Driver;

/// <summary>In which order the state machine, the owner loop and the callers hear of what is applied.</summary>
public sealed class ApplyLoopTests
{
    private readonly CompletionPool<PendingProposal> _pool = new(pool => new PendingProposal(pool));

    [Fact]
    public void The_owner_hears_that_entries_are_applied_before_it_gets_a_capture_of_them()
    {
        ApplyLoop loop = Create(new ScriptedMachine());
        loop.Enqueue(new ApplyItem(Command(1)));
        loop.Enqueue(new ApplyItem(default, Capture: true));
        loop.Enqueue(new ApplyItem(Command(2)));

        loop.Pump();

        Assert.Equal(
            [(1, false), (1, true), (2, false)],
            loop.DrainDone().ToArray().Select(done => ((int)done.Last.Index.Value, done.Capture is not null)));
    }

    [Fact]
    public void The_state_machine_shows_what_it_applied_before_the_owner_hears_of_it()
    {
        ScriptedMachine machine = new();
        ApplyLoop loop = Create(machine);
        List<(long Heard, long Shown)> seen = [];
        machine.OnApply = _ =>
        {
            foreach (Applied done in loop.DrainDone())
                seen.Add((done.Last.Index.Value, machine.Shown.Value));
        };
        loop.Enqueue(new ApplyItem(Command(1)));
        loop.Enqueue(new ApplyItem(new Entry(Id(2), EntryKind.Membership, default)));
        loop.Enqueue(new ApplyItem(Command(3)));

        loop.Pump();

        Assert.Equal([(2, 2)], seen);
    }

    [Fact]
    public void A_turn_is_short_if_all_that_waits_is_quick_and_what_was_looked_at_is_not_lost()
    {
        ScriptedMachine machine = new();
        ApplyLoop loop = Create(machine);
        Assert.True(loop.IsNextTurnShort());
        loop.Enqueue(new ApplyItem(Command(1), IsQuick: true));
        Assert.True(loop.IsNextTurnShort());
        loop.Enqueue(new ApplyItem(Command(2)));
        Assert.True(loop.Pump());
        Assert.Equal(1, machine.Shown.Value);

        loop.Enqueue(new ApplyItem(Command(3), IsQuick: true));
        Assert.False(loop.IsNextTurnShort());
        loop.Enqueue(new ApplyItem(Command(4), IsQuick: true));
        while (loop.Pump())
        {
        }

        Assert.Equal(4, machine.Shown.Value);
        for (int i = 0; i <= ApplyLoop.MaxQuickEntries; i++)
            loop.Enqueue(new ApplyItem(Command(5 + i), IsQuick: true));
        Assert.False(loop.IsNextTurnShort());
    }

    [Fact]
    public void What_comes_after_the_look_at_an_empty_queue_is_looked_at_before_it_is_applied()
    {
        ScriptedMachine machine = new();
        ApplyLoop loop = Create(machine);
        Assert.True(loop.IsNextTurnShort());
        loop.Enqueue(new ApplyItem(Command(1)));

        Assert.False(loop.Pump());

        Assert.Equal(0, machine.Shown.Value);
        Assert.False(loop.IsNextTurnShort());
        Assert.True(loop.Pump());
        Assert.Equal(1, machine.Shown.Value);
    }

    [Fact]
    public async Task Whoever_waits_behind_what_was_looked_at_is_answered_at_the_end()
    {
        ApplyLoop loop = Create(new ScriptedMachine());
        Task<ProposalResult> held = Enqueue(loop, 1);
        Assert.False(loop.IsNextTurnShort());
        Task<ProposalResult> queued = Enqueue(loop, 2);

        loop.FailAll(null);

        await Assert.ThrowsAsync<NodeStoppedException>(() => held);
        await Assert.ThrowsAsync<NodeStoppedException>(() => queued);
    }

    [Fact]
    public async Task Whoever_waits_when_the_state_machine_fails_is_told_that_the_outcome_is_unknown()
    {
        ScriptedMachine machine = new();
        ApplyLoop loop = Create(machine);
        machine.OnApply = index =>
        {
            if (index == 2)
                throw new InvalidOperationException("Broken.");
        };
        Task<ProposalResult>[] waiting = [.. Enumerable.Range(1, 3).Select(i => Enqueue(loop, i))];
        Assert.Throws<InvalidOperationException>(() => loop.Pump());
        Task<ProposalResult> late = Enqueue(loop, 4);

        loop.FailAll(failure: null);

        foreach (Task<ProposalResult> task in waiting.Append(late))
            Assert.Equal(Outcome.Unknown, (await Assert.ThrowsAsync<NodeStoppedException>(() => task)).Outcome);
    }

    private static EntryId Id(long index) => new(new Term(1), new LogIndex(index));

    private static Entry Command(long index) => new(Id(index), EntryKind.Command, new byte[] { 1 });

    private static ApplyLoop Create(IStateMachine machine) => new(
        new NodeId(1), machine, SnapshotStore.Open(new MemoryFileSystem(), "/snapshots"), 10,
        new LoopbackNetwork().CreateTransport(new NodeId(1)), () => 0);

    private Task<ProposalResult> Enqueue(ApplyLoop loop, long index)
    {
        PendingProposal pending = _pool.Rent();
        Task<ProposalResult> task = pending.BeginAsync(CancellationToken.None).AsTask();
        loop.Enqueue(new ApplyItem(Command(index), pending));
        return task;
    }

    private sealed class ScriptedMachine : IStateMachine
    {
        public Action<long> OnApply { get; set; } = static _ => { };

        public LogIndex Shown { get; private set; }

        public ApplyResult Apply(in AppliedCommand command)
        {
            OnApply(command.Id.Index.Value);
            return default;
        }

        public void OnBatchApplied(LogIndex applied) => Shown = applied;

        public IStateCapture Capture() => new NoCapture();

        public void Restore(Stream snapshot, EntryId lastIncluded)
        {
        }

        private sealed class NoCapture : IStateCapture
        {
            public void WriteTo(Stream destination, CancellationToken cancellationToken)
            {
            }

            public void Dispose()
            {
            }
        }
    }
}
