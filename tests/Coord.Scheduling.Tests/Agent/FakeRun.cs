namespace Coord.Scheduling.Tests.Agent;

/// <summary>A run that ends when a test says so, when it is asked to, or when it is killed.</summary>
internal sealed class FakeRun(RunContext context, bool isObedient) : IRunningUnit
{
    private readonly TaskCompletionSource<RunEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RunContext Context { get; } = context;

    public bool WasAsked { get; private set; }

    public bool WasKilled { get; private set; }

    /// <summary>Gets or sets a value indicating whether a kill is of no use.</summary>
    public bool IsImmortal { get; set; }

    public Task<RunEnd> Completion => _end.Task;

    public void End(int? exitCode = 0, int signal = 0, string message = "") =>
        _end.TrySetResult(new(exitCode, signal, message));

    public void RequestStop()
    {
        WasAsked = true;
        if (isObedient)
            End();
    }

    public void Kill()
    {
        WasKilled = true;
        if (!IsImmortal)
            End(null, 9);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
