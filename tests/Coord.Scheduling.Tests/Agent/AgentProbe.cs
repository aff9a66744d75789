using System.Text;
using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Kv.Tests.Coordination;
using Coord.Scheduling.Agent;
using Coord.Scheduling.Codec;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Scheduling.Tests.Agent;

/// <summary>
/// One node's agent on a store in memory, a clock that stands unless it is moved, and the planner's pen.
/// </summary>
internal sealed class AgentProbe : IAsyncDisposable
{
    public static readonly NodeName Node = new("n1");
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public AgentProbe(Func<AgentOptions, AgentOptions>? change = null)
    {
        Clock = new();
        Store = new(Clock);
        AgentOptions options = new() { Node = new() { Name = Node }, TimeProvider = Clock };
        Agent = new(Store, change is null ? options : change(options), [Runner]);
        _run = Agent.RunAsync(_stop.Token);
    }

    public FakeTimeProvider Clock { get; }

    public MemoryStore Store { get; }

    public SchedulerKeys Keys { get; } = new();

    public FakeRunner Runner { get; } = new();

    public SchedulerAgent Agent { get; }

    public static SlotId Slot(string unit, int number = 0) => new(new(unit), number);

    /// <summary>Waits until the node is registered under a life other than that, and returns it.</summary>
    public async Task<long> LifeAsync(long otherThan = 0)
    {
        long life = 0;
        await Soon.Is(() => (life = Life) != 0 && life != otherThan);
        return life;
    }

    /// <summary>Puts a spec and returns its revision.</summary>
    public async Task<long> SpecAsync(UnitSpec spec)
    {
        PutResult put = await Store.PutAsync(
            Bytes(Keys.Spec(spec.Name)), SchedulerJson.Write(spec, SchedulerJson.Default.UnitSpec));
        return put.Revision.Value;
    }

    /// <summary>Gives a slot to this life of the node, with its spec, as the planner does. Returns the token.</summary>
    public async Task<FencingToken> AssignAsync(
        UnitSpec spec, int number = 0, UnitState target = UnitState.Launched, long? life = null)
    {
        AssignmentValue value = new(life ?? await LifeAsync(), await SpecAsync(spec), target, default);
        SlotId slot = new(spec.Name, number);
        FenceValue fence = new(Node, value.Incarnation);
        TransactionResult result = await Store.CommitAsync(Transaction.Of(
            Operation.Put(Bytes(Keys.Assignment(Node, slot)),
                SchedulerJson.Write(value, SchedulerJson.Default.AssignmentValue)),
            Operation.Put(Bytes(Keys.Fence(slot)), SchedulerJson.Write(fence, SchedulerJson.Default.FenceValue))));
        return new(result.Revision.Value);
    }

    /// <summary>Rewrites an assignment for the same runner.</summary>
    public async Task RetargetAsync(SlotId slot, FencingToken token, UnitState target)
    {
        Assert.True(SchedulerJson.TryRead(
            Get(Keys.Assignment(Node, slot))!, SchedulerJson.Default.AssignmentValue, out var value, out _));
        await Store.PutAsync(
            Bytes(Keys.Assignment(Node, slot)),
            SchedulerJson.Write(
                value with { Token = token, Target = target }, SchedulerJson.Default.AssignmentValue));
    }

    public Task StopAsync(SlotId slot, FencingToken token) =>
        Store.PutAsync(
            Bytes(Keys.Stop(Node, slot)),
            SchedulerJson.Write(new StopValue(token), SchedulerJson.Default.StopValue)).AsTask();

    /// <summary>Waits until a slot's status is as wanted, and returns it.</summary>
    public async Task<SlotStatus> StatusAsync(SlotId slot, Func<SlotStatus, bool> isWanted)
    {
        SlotStatus? status = null;
        await Soon.Is(() => (status = Status(slot)) is not null && isWanted(status));
        return status!;
    }

    public Task GoneAsync(string key) => Soon.Is(() => Get(key) is null);

    /// <summary>Gets the life that the node is registered with; zero if it is not.</summary>
    public long Life => Get(Keys.Node(Node))?.CreateRevision.Value ?? 0;

    public KeyValue? Get(string key)
    {
        Func<string, Exception?>? before = Store.Before;
        Store.Before = null;
        try
        {
            return Store.GetAsync(KeyRange.Single(key)).AsTask().Result.First;
        }
        finally
        {
            Store.Before = before;
        }
    }

    /// <summary>Stops the agent as its host does, and waits for its end.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await Soon.Done(_run);
    }

    public async ValueTask DisposeAsync()
    {
        Store.Before = null;
        Task end = EndAsync();
        while (!end.IsCompleted)
        {
            foreach (FakeRun run in Runner.Alive)
                run.End();
            Clock.Leap(1);
            await Task.Yield();
        }

        await end;
        _stop.Dispose();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private SlotStatus? Status(SlotId slot) =>
        Get(Keys.Status(Node, slot)) is { } keyValue
        && SchedulerJson.TryRead(keyValue, SchedulerJson.Default.SlotStatusValue, out var value, out _)
            ? value.For(slot, Node)
            : null;
}
