using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Kv.Tests.Coordination;

namespace Coord.Scheduling.Tests.Agent;

/// <summary>G2, G5, G6: what a node runs, how it ends, and that it ends before its lease can.</summary>
public sealed class SchedulerAgentTests
{
    private static readonly UnitSpec Web = new()
    {
        Name = new("web.service"),
        Runner = RunnerNames.Process,
        RestartDelay = TimeSpan.FromSeconds(1),
        StopGrace = TimeSpan.FromSeconds(10),
    };

    private static readonly SlotId WebSlot = new(Web.Name, 0);

    [Fact]
    public async Task An_assignment_is_run_with_its_token_and_its_status_carries_the_lease()
    {
        await using AgentProbe probe = new();
        FencingToken token = await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        Assert.Equal((token, AgentProbe.Node), (run.Context.Token, run.Context.Node));
        Assert.Equal(Web.Name, run.Context.Spec.Name);

        SlotStatus status = await probe.StatusAsync(WebSlot, status => status.Phase is SlotPhase.Running);
        Assert.Equal((token, false), (status.Token, status.IsReady));
        run.Context.Observer.OnReady(true, "serving");
        status = await probe.StatusAsync(WebSlot, status => status.IsReady);
        Assert.Equal("serving", status.Message);
        Assert.Equal(
            probe.Get(probe.Keys.Node(AgentProbe.Node))!.Lease,
            probe.Get(probe.Keys.Status(AgentProbe.Node, WebSlot))!.Lease);
    }

    [Fact]
    public async Task A_stop_is_confirmed_by_deleting_the_assignment_and_only_after_the_run_has_ended()
    {
        await using AgentProbe probe = new();
        probe.Runner.IsObedient = false;
        FencingToken token = await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        await probe.StopAsync(WebSlot, token);
        await probe.StatusAsync(WebSlot, status => status.Phase is SlotPhase.Stopping);
        Assert.True(run.WasAsked);
        Assert.NotNull(probe.Get(probe.Keys.Assignment(AgentProbe.Node, WebSlot)));

        run.End();
        await probe.GoneAsync(probe.Keys.Assignment(AgentProbe.Node, WebSlot));
        Assert.Null(probe.Get(probe.Keys.Stop(AgentProbe.Node, WebSlot)));
        Assert.False(run.WasKilled);
        await probe.GoneAsync(probe.Keys.Status(AgentProbe.Node, WebSlot));
    }

    [Fact]
    public async Task A_run_that_ignores_the_stop_is_killed_after_its_grace()
    {
        await using AgentProbe probe = new();
        probe.Runner.IsObedient = false;
        FencingToken token = await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        await probe.StopAsync(WebSlot, token);
        await Soon.Is(() => run.WasAsked);
        await PassUntilAsync(probe, () => run.WasKilled, atLeast: 9.9);
        await probe.GoneAsync(probe.Keys.Assignment(AgentProbe.Node, WebSlot));
    }

    [Fact]
    public async Task A_stop_for_an_earlier_token_stops_nothing()
    {
        await using AgentProbe probe = new();
        FencingToken token = await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        await probe.StopAsync(WebSlot, new(token.Value - 1));
        await probe.AssignAsync(Web with { Name = new("other.service") });
        await probe.Runner.RunningAsync(AgentProbe.Slot("other.service"));
        Assert.False(run.WasAsked);
    }

    [Fact]
    public async Task A_stop_that_is_seen_before_its_assignment_counts()
    {
        await using AgentProbe probe = new();
        await probe.LifeAsync();
        await Soon.Is(() => probe.Store.Watches.Count == 2);
        // The next two revisions: the spec's, and the assignment's.
        long revision = (await probe.Store.GetAsync(KeyRange.Single("x"))).Revision.Value;
        await probe.StopAsync(WebSlot, new(revision + 3));
        FencingToken token = await probe.AssignAsync(Web);
        Assert.Equal(revision + 3, token.Value);
        await probe.GoneAsync(probe.Keys.Assignment(AgentProbe.Node, WebSlot));
        Assert.All(probe.Runner.Runs, run => Assert.True(run.Completion.IsCompleted));
    }

    [Fact]
    public async Task An_assignment_to_an_earlier_life_is_void()
    {
        await using AgentProbe probe = new();
        long life = await probe.LifeAsync();
        await probe.AssignAsync(Web, life: life - 1);
        await probe.AssignAsync(Web with { Name = new("other.service") });
        await probe.Runner.RunningAsync(AgentProbe.Slot("other.service"));
        Assert.Single(probe.Runner.Runs);
    }

    [Fact]
    public async Task A_loaded_unit_is_started_when_its_target_changes_and_stopped_when_it_changes_back()
    {
        await using AgentProbe probe = new();
        FencingToken token = await probe.AssignAsync(Web, target: UnitState.Loaded);
        await probe.StatusAsync(WebSlot, status => status.Phase is SlotPhase.Loaded);
        Assert.Empty(probe.Runner.Runs);

        await probe.RetargetAsync(WebSlot, token, UnitState.Launched);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        Assert.Equal(token, run.Context.Token);
        await probe.RetargetAsync(WebSlot, token, UnitState.Loaded);
        await Soon.Is(() => run.Completion.IsCompleted);
        await probe.StatusAsync(WebSlot, status => status.Phase is SlotPhase.Loaded);
    }

    [Fact]
    public async Task A_run_that_fails_is_started_again_after_a_pause_that_doubles()
    {
        await using AgentProbe probe = new();
        await probe.AssignAsync(Web);
        for (int i = 0; i < 4; i++)
        {
            FakeRun run = await probe.Runner.RunningAsync(WebSlot);
            Assert.Equal(i + 1, probe.Runner.Runs.Length);
            run.End(1, message: "It broke.");
            SlotStatus status = await probe.StatusAsync(WebSlot, status => status.Restarts == i + 1);
            Assert.Equal((SlotPhase.Starting, 1, "It broke."), (status.Phase, status.ExitCode, status.Message));
            await PassUntilAsync(probe, () => probe.Runner.Runs.Length == i + 2, atLeast: Math.Pow(2, i) - 0.1);
        }
    }

    [Fact]
    public async Task What_cannot_run_fails_with_its_reason_and_is_in_nobodys_way()
    {
        await using AgentProbe probe = new();
        await probe.AssignAsync(Web with { Runner = "magic" });
        SlotStatus status = await probe.StatusAsync(WebSlot, status => status.Phase is SlotPhase.Failed);
        Assert.Equal("Node n1 has no runner 'magic'.", status.Message);

        probe.Runner.Failure = context =>
            context.Slot.Unit.Value == "bad.service" ? new UnitStartException("No such program.") : null;
        await probe.AssignAsync(Web with { Name = new("bad.service"), Restart = RestartPolicy.No });
        await probe.AssignAsync(Web with { Name = new("good.service") });
        await probe.Runner.RunningAsync(AgentProbe.Slot("good.service"));
        status = await probe.StatusAsync(AgentProbe.Slot("bad.service"), status => status.Phase is SlotPhase.Failed);
        Assert.Equal("No such program.", status.Message);
    }

    [Fact]
    public async Task A_run_to_completion_leaves_its_outcome_and_gives_the_slot_back()
    {
        await using AgentProbe probe = new();
        UnitSpec job = Web with { Name = new("job.service"), Kind = UnitKind.OneShot, MaxAttempts = 2 };
        SlotId slot = new(job.Name, 0);
        FencingToken token = await probe.AssignAsync(job);
        (await probe.Runner.RunningAsync(slot)).End(3);
        await PassUntilAsync(probe, () => probe.Runner.Runs.Length == 2, atLeast: 0.9);
        (await probe.Runner.RunningAsync(slot)).End(4, message: "Too bad.");

        await probe.GoneAsync(probe.Keys.Assignment(AgentProbe.Node, slot));
        string outcome = probe.Get(probe.Keys.Outcome(slot))!.ValueString;
        Assert.Contains($"\"token\":{token.Value},", outcome, StringComparison.Ordinal);
        Assert.EndsWith(
            "\"isSuccess\":false,\"exitCode\":4,\"message\":\"Too bad.\"}", outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_its_deadline_is_stopped_and_counts_as_failed()
    {
        await using AgentProbe probe = new();
        UnitSpec job = Web with
        {
            Kind = UnitKind.OneShot,
            MaxAttempts = 1,
            RunDeadline = TimeSpan.FromSeconds(3),
        };
        await probe.AssignAsync(job);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        await PassUntilAsync(probe, () => run.WasAsked, atLeast: 2.9);
        await probe.GoneAsync(probe.Keys.Assignment(AgentProbe.Node, WebSlot));
        Assert.Contains("took longer", probe.Get(probe.Keys.Outcome(WebSlot))!.ValueString, StringComparison.Ordinal);
    }

    /// <summary>G2: asked at the lease's time less guard and grace, gone at the lease's time less the guard.</summary>
    [Fact]
    public async Task Out_of_touch_everything_ends_before_the_lease_can_and_a_new_life_begins_after_it()
    {
        await using AgentProbe probe = new();
        probe.Runner.IsObedient = false;
        long life = await probe.LifeAsync();
        await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);

        // No keep-alive is answered from here on; the last one was sent at most at this moment.
        probe.Store.Before = _ => new Raft.ProposalDroppedException("cut off");
        double asked = 0;
        double killed = 0;
        double passed = 0;
        for (; killed == 0; passed += 0.1)
        {
            Assert.True(passed < 4.95, "It runs although the lease may end.");
            probe.Clock.Leap(0.1);
            await SettleAsync();
            if (asked == 0 && run.WasAsked)
                asked = passed;
            if (run.WasKilled)
                killed = passed;
        }

        Assert.InRange(asked, 3, 4);
        Assert.True(killed - asked > 0.7, "There is no grace.");
        Assert.Equal(life, probe.Life);
        probe.Store.Before = null;
        await LifeAfterAsync(probe, life);
        Assert.Single(probe.Runner.Runs);
    }

    [Fact]
    public async Task A_thawed_node_starts_nothing_for_a_lease_that_is_over()
    {
        await using AgentProbe probe = new();
        long life = await probe.LifeAsync();
        await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);

        // Frozen for longer than its lease: time leaps, and only then anything runs.
        probe.Clock.Leap(60);
        await Soon.Is(() => run.Completion.IsCompleted);
        long next = await LifeAfterAsync(probe, life);
        Assert.NotEqual(life, next);
        await SettleAsync();
        Assert.Empty(probe.Runner.Alive);
    }

    [Fact]
    public async Task Code_that_cannot_be_ended_is_told_and_keeps_the_node_from_another_life()
    {
        List<SlotId> overruns = [];
        await using AgentProbe probe = new(options => options with { OnOverrun = overruns.Add });
        probe.Runner.IsObedient = false;
        long life = await probe.LifeAsync();
        await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        run.IsImmortal = true;
        probe.Store.Expire(probe.Get(probe.Keys.Node(AgentProbe.Node))!.Lease);
        await PassUntilAsync(probe, () => overruns.Count == 1);
        Assert.Equal([WebSlot], overruns);
        await SettleAsync();
        Assert.Null(probe.Get(probe.Keys.Node(AgentProbe.Node)));

        run.End();
        Assert.NotEqual(life, await LifeAfterAsync(probe, life));
    }

    [Fact]
    public async Task Stopping_the_agent_gives_everything_back()
    {
        AgentProbe probe = new();
        await probe.AssignAsync(Web);
        FakeRun run = await probe.Runner.RunningAsync(WebSlot);
        await probe.EndAsync();
        Assert.True(run.WasAsked);
        Assert.False(run.WasKilled);
        Assert.Null(probe.Get(probe.Keys.Assignment(AgentProbe.Node, WebSlot)));
        Assert.Null(probe.Get(probe.Keys.Node(AgentProbe.Node)));
        await probe.DisposeAsync();
    }

    [Fact]
    public async Task A_name_that_another_life_has_is_waited_for()
    {
        await using AgentProbe probe = new();
        long life = await probe.LifeAsync();
        LeaseId lease = probe.Get(probe.Keys.Node(AgentProbe.Node))!.Lease;
        FakeRunner runner = new();
        using CancellationTokenSource stop = new();
        Task second = new Scheduling.Agent.SchedulerAgent(
            probe.Store, new() { Node = new() { Name = AgentProbe.Node }, TimeProvider = probe.Clock }, [runner])
            .RunAsync(stop.Token);
        await PassAsync(probe, 3);
        Assert.Equal(lease, probe.Get(probe.Keys.Node(AgentProbe.Node))!.Lease);
        await probe.EndAsync();
        Assert.NotEqual(life, await LifeAfterAsync(probe, life));
        await stop.CancelAsync();
        await Soon.Done(second);
    }

    [Theory]
    [InlineData(RestartPolicy.No, 0, 0, false)]
    [InlineData(RestartPolicy.Always, 0, 0, true)]
    [InlineData(RestartPolicy.OnSuccess, 0, 0, true)]
    [InlineData(RestartPolicy.OnSuccess, 1, 0, false)]
    [InlineData(RestartPolicy.OnFailure, 1, 0, true)]
    [InlineData(RestartPolicy.OnFailure, 0, 0, false)]
    [InlineData(RestartPolicy.OnFailure, null, 9, true)]
    [InlineData(RestartPolicy.OnAbnormal, 1, 0, false)]
    [InlineData(RestartPolicy.OnAbnormal, null, 15, true)]
    [InlineData(RestartPolicy.OnAbort, null, 15, false)]
    [InlineData(RestartPolicy.OnAbort, null, 6, true)]
    [InlineData(RestartPolicy.OnAbort, null, 11, true)]
    public void Restarts_follow_systemds_table(RestartPolicy policy, int? exitCode, int signal, bool again) =>
        Assert.Equal(again, Scheduling.Agent.Restarts.After(policy, new(exitCode, signal)));

    private static async Task<long> LifeAfterAsync(AgentProbe probe, long life)
    {
        long now = 0;
        await PassUntilAsync(probe, () => (now = probe.Life) != 0 && now != life);
        return now;
    }

    /// <summary>Lets time pass in small steps until something has happened, which must not be too early.</summary>
    private static async Task PassUntilAsync(AgentProbe probe, Func<bool> condition, double atLeast = 0)
    {
        double passed = 0;
        for (; !condition(); passed += 0.1)
        {
            Assert.True(passed < 300, "It did not happen.");
            probe.Clock.Leap(0.1);
            await SettleAsync();
        }

        Assert.True(passed >= atLeast, $"After {passed} s it is too early.");
    }

    private static async Task PassAsync(AgentProbe probe, double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.1)
        {
            probe.Clock.Leap(0.1);
            await SettleAsync();
        }
    }

    /// <summary>Lets everything run that can: until the thread pool has done nothing for three looks.</summary>
    private static async Task SettleAsync()
    {
        long before = -1;
        for (int calm = 0; calm < 3; calm++)
        {
            await Task.Delay(1);
            // The delay and this continuation are work too, always the same.
            long now = ThreadPool.CompletedWorkItemCount;
            if (ThreadPool.PendingWorkItemCount > 0 || (calm > 0 && now - before > 4))
                calm = -1;
            before = now;
        }
    }
}
