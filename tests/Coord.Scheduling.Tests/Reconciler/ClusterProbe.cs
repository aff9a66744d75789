using System.Text;
using Coord.Kv;
using Coord.Kv.Tests.Coordination;
using Coord.Scheduling.Agent;
using Coord.Scheduling.Codec;
using Coord.Scheduling.Reconciler;
using Coord.Scheduling.Tests.Agent;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Scheduling.Tests.Reconciler;

/// <summary>Nodes with an agent and a planner each, on one store in memory and one clock that tests move.</summary>
internal sealed class ClusterProbe : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _runs = [];

    public ClusterProbe(int nodes)
    {
        Store = new(Clock);
        for (int i = 1; i <= nodes; i++)
            Add(new() { Name = new($"n{i}") });
    }

    public FakeTimeProvider Clock { get; } = new();

    public MemoryStore Store { get; }

    public SchedulerKeys Keys { get; } = new();

    public Dictionary<string, Member> Nodes { get; } = [];

    /// <summary>Gets where runs are alive, such as <c>n1: web.service/0</c>, in order.</summary>
    public string[] Running =>
        [.. Nodes.SelectMany(node => node.Value.Runner.Alive.Select(run => $"{node.Key}: {run.Context.Slot}")).Order()];

    public void Add(NodeSpec spec)
    {
        GatedStore gate = new(Store);
        FakeRunner runner = new();
        CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        spec = spec with { Runners = [RunnerNames.Process] };
        SchedulerAgent agent = new(gate, new() { Node = spec, TimeProvider = Clock }, [runner]);
        SchedulerReconciler planner = new(
            gate, new() { Node = spec.Name, TimeProvider = Clock, Brake = new(MinLostNodes: 100) });
        Task agentRun = agent.RunAsync(stop.Token);
        Nodes[spec.Name.Value] = new(gate, runner, stop, agentRun);
        _runs.Add(agentRun);
        _runs.Add(planner.RunAsync(stop.Token));
    }

    public async Task SubmitAsync(UnitSpec spec) =>
        await Store.PutAsync(
            Encoding.UTF8.GetBytes(Keys.Spec(spec.Name)),
            SchedulerJson.Write(spec, SchedulerJson.Default.UnitSpec));

    public async Task DestroyAsync(string unit) => await Store.DeleteAsync(KeyRange.Single(Keys.Spec(new(unit))));

    /// <summary>Lets time pass until something is so.</summary>
    public async Task PassUntilAsync(Func<bool> condition, string what)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 6000, $"{what}: {string.Join("; ", Running)}; {string.Join("; ", Store.Keys)}");
            Clock.Leap(0.05);
            await Task.Delay(1);
        }
    }

    public Task RunsAsync(params string[] expected) =>
        PassUntilAsync(() => Running.SequenceEqual(expected), $"Not as expected: {string.Join("; ", expected)}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task end = Task.WhenAll(_runs);
        while (!end.IsCompleted)
        {
            foreach (Member node in Nodes.Values)
            {
                node.Store.Restore();
                foreach (FakeRun run in node.Runner.Alive)
                    run.End();
            }

            Clock.Leap(0.5);
            await Task.Delay(1);
        }

        await end;
        _stop.Dispose();
    }

    /// <summary>One node.</summary>
    internal sealed record Member(GatedStore Store, FakeRunner Runner, CancellationTokenSource Stop, Task Agent);
}
