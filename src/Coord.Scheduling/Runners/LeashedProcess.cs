using Coord.Scheduling.Leash;

namespace Coord.Scheduling.Runners;

/// <summary>A child process on the leash. Thread-safe.</summary>
internal sealed class LeashedProcess(LeashClient leash, long id, Action<string> output)
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RunEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pid;

    /// <summary>Gets the process id; zero until it is known.</summary>
    public int Pid => Volatile.Read(ref _pid);

    /// <summary>Gets a task that ends when it runs, or fails with <see cref="UnitStartException"/>.</summary>
    public Task Started => _started.Task;

    /// <summary>Gets a task that ends when nothing of its group is left.</summary>
    public Task<RunEnd> Ended => _ended.Task;

    /// <summary>Asks its group to end.</summary>
    public void Term() => leash.Signal(id, LeashRequestKind.Term);

    /// <summary>Ends its group by force.</summary>
    public void Kill() => leash.Signal(id, LeashRequestKind.Kill);

    /// <summary>Takes what the leash tells of it.</summary>
    public void On(LeashEvent happened)
    {
        switch (happened.Kind)
        {
            case LeashEventKind.Started:
                Volatile.Write(ref _pid, happened.Pid);
                _started.TrySetResult();
                break;
            case LeashEventKind.Output:
                output(happened.Text ?? "");
                break;
            case LeashEventKind.Failed:
                _started.TrySetException(new UnitStartException(happened.Text ?? "It cannot be started."));
                _ended.TrySetResult(new(null, NativeProcess.Sigkill, happened.Text ?? ""));
                break;
            case LeashEventKind.Ended:
                _started.TrySetResult();
                _ended.TrySetResult(new(happened.ExitCode, happened.Signal, Describe(happened)));
                break;
            default:
                break;
        }
    }

    private static string Describe(LeashEvent ended) => ended switch
    {
        { ExitCode: 0 } => "",
        { ExitCode: int code } => $"It ended with exit code {code}.",
        _ => $"It was ended by signal {ended.Signal}.",
    };
}
