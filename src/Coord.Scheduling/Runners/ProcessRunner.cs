namespace Coord.Scheduling.Runners;

/// <summary>Runs services as child processes, each in a session of its own, on a leash.</summary>
/// <remarks>
/// <para>
/// The leash is a small process that kills the children's groups when the agent has not renewed its deadline in time,
/// even if the agent is frozen, and when the agent dies. It is started with the first service.
/// </para>
/// <para>
/// Of <c>[Service]</c> it knows <c>Type</c> (simple, exec, oneshot), <c>ExecStartPre</c>, <c>ExecStart</c>,
/// <c>ExecStop</c>, <c>Environment</c>, <c>EnvironmentFile</c>, <c>WorkingDirectory</c> and <c>User</c> (by
/// <c>setpriv</c>). It enforces no limits of resources: <c>MemoryMax</c>, <c>CPUQuota</c> and <c>TasksMax</c> are
/// counted where units are placed, and no more.
/// </para>
/// <para>Linux only. Thread-safe.</para>
/// </remarks>
public sealed class ProcessRunner : IUnitRunner, IDisposable
{
    private readonly string _directory;
    private readonly Lock _lock = new();
    private LeashClient? _leash;
    private long _cancelAt;
    private long _killAt;
    private bool _isDisposed;

    /// <summary>Initializes a runner.</summary>
    /// <param name="directory">
    /// Where the leash remembers its children, so that the next one ends what is left after a crash. One agent at a
    /// time has it: another waits.
    /// </param>
    public ProcessRunner(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _directory = directory;
    }

    /// <inheritdoc/>
    public string Name => RunnerNames.Process;

    /// <inheritdoc/>
    public bool CanRun(UnitSpec spec, out string reason)
    {
        ArgumentNullException.ThrowIfNull(spec);
        string type = Last(spec, "Type") ?? "simple";
        reason = "";
        if (!OperatingSystem.IsLinux())
            reason = "Child processes are run on Linux only.";
        else if (spec.Name.Value.Contains('.', StringComparison.Ordinal)
            && !spec.Name.Value.EndsWith(".service", StringComparison.Ordinal))
            reason = "Only services can be run as child processes; other types need the systemd runner.";
        else if (type is not ("simple" or "exec" or "oneshot"))
            reason = $"Type={type} needs the systemd runner; child processes can be simple, exec or oneshot.";
        return reason.Length == 0;
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
            await Leash().Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void SetDeadline(long cancelAt, long killAt)
    {
        LeashClient? leash;
        lock (_lock)
        {
            (_cancelAt, _killAt) = (cancelAt, killAt);
            leash = _leash;
        }

        leash?.SetDeadline(cancelAt, killAt);
    }

    /// <inheritdoc/>
    public async Task<IRunningUnit> StartAsync(RunContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ServiceProgram program = ServiceProgram.Read(context);
        LeashClient leash = Leash();
        await leash.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await ServiceRun.StartAsync(leash, program, context, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the leash, and with it all that still runs.</summary>
    public void Dispose()
    {
        LeashClient? leash;
        lock (_lock)
        {
            _isDisposed = true;
            leash = _leash;
        }

        leash?.Dispose();
    }

    private static string? Last(UnitSpec spec, string name) =>
        spec.Options.LastOrDefault(option => option.Section == "Service" && option.Name == name)?.Value;

    /// <summary>Returns the leash, a new one where there is none, or where it died.</summary>
    private LeashClient Leash()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_leash is { IsGone: false })
                return _leash;
            _leash = LeashClient.Start(_directory);
            _leash.SetDeadline(_cancelAt, _killAt);
            return _leash;
        }
    }
}
