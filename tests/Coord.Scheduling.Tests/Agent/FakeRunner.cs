using System.Collections.Concurrent;

namespace Coord.Scheduling.Tests.Agent;

/// <summary>Starts nothing: tests say how runs end, and see what was asked of them.</summary>
internal sealed class FakeRunner : IUnitRunner
{
    private readonly ConcurrentQueue<FakeRun> _runs = new();

    public string Name => RunnerNames.Process;

    /// <summary>Gets or sets why units cannot run here; null if they can.</summary>
    public string? Refusal { get; set; }

    /// <summary>Gets or sets what a start throws; null for nothing.</summary>
    public Func<RunContext, Exception?>? Failure { get; set; }

    /// <summary>Gets or sets a value indicating whether runs end as soon as they are asked to.</summary>
    public bool IsObedient { get; set; } = true;

    /// <summary>Gets all runs so far.</summary>
    public FakeRun[] Runs => [.. _runs];

    /// <summary>Gets the runs that have not ended.</summary>
    public FakeRun[] Alive => [.. _runs.Where(run => !run.Completion.IsCompleted)];

    public bool CanRun(UnitSpec spec, out string reason)
    {
        reason = Refusal ?? "";
        return Refusal is null;
    }

    public Task<IRunningUnit> StartAsync(RunContext context, CancellationToken cancellationToken)
    {
        if (Failure?.Invoke(context) is { } failure)
            return Task.FromException<IRunningUnit>(failure);
        FakeRun run = new(context, IsObedient);
        _runs.Enqueue(run);
        return Task.FromResult<IRunningUnit>(run);
    }

    /// <summary>Waits until a run of a slot is alive, and returns it.</summary>
    public async Task<FakeRun> RunningAsync(SlotId slot)
    {
        await Kv.Tests.Coordination.Soon.Is(() => Alive.Any(run => run.Context.Slot == slot));
        return Alive.Single(run => run.Context.Slot == slot);
    }
}
