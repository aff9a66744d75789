using System.Globalization;

namespace Coord.Scheduling.Runners;

/// <summary>A service that runs as child processes: what comes before it, itself, and what stops it.</summary>
internal sealed class ServiceRun : IRunningUnit
{
    private readonly LeashClient _leash;
    private readonly ServiceProgram _program;
    private readonly RunContext _context;
    private readonly CancellationTokenSource _killed = new();
    private LeashedProcess _current;
    private int _isStopping;

    private ServiceRun(LeashClient leash, ServiceProgram program, RunContext context, LeashedProcess first)
    {
        (_leash, _program, _context, _current) = (leash, program, context, first);
        Completion = RunAsync();
    }

    public Task<RunEnd> Completion { get; }

    /// <summary>Runs what comes before the service, then starts it.</summary>
    /// <exception cref="UnitStartException">A program cannot be started, or one of the first failed.</exception>
    public static async Task<ServiceRun> StartAsync(
        LeashClient leash, ServiceProgram program, RunContext context, CancellationToken cancellationToken)
    {
        foreach (ServiceCommand command in program.Before)
        {
            LeashedProcess before = Start(leash, program, context, command);
            RunEnd end = await FinishAsync(before, cancellationToken).ConfigureAwait(false);
            if (!end.IsSuccess && !command.MayFail)
                throw new UnitStartException($"ExecStartPre={string.Join(' ', command.Arguments)}: {end.Message}");
        }

        LeashedProcess main = Start(leash, program, context, program.Main[0]);
        await main.Started.ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            await FinishAsync(main, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        context.Observer.OnReady(true);
        return new(leash, program, context, main);
    }

    public void RequestStop()
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
            _ = StopAsync();
    }

    public void Kill()
    {
        _killed.Cancel();
        Volatile.Read(ref _current).Kill();
    }

    public ValueTask DisposeAsync()
    {
        _killed.Dispose();
        return ValueTask.CompletedTask;
    }

    private static LeashedProcess Start(
        LeashClient leash, ServiceProgram program, RunContext context, ServiceCommand command) =>
        leash.StartChild(
            program.Wrap(command),
            program.Environment,
            program.Directory,
            line => context.Observer.OnOutput(line, isError: false));

    /// <summary>Waits for the end of a child, and kills it when it is cancelled. Then nothing is left.</summary>
    private static async Task<RunEnd> FinishAsync(LeashedProcess child, CancellationToken cancellationToken)
    {
        using (cancellationToken.Register(child.Kill))
        {
            await child.Started.ConfigureAwait(false);
            // It may have been cancelled before there was anything to kill.
            if (cancellationToken.IsCancellationRequested)
                child.Kill();
            return await child.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Runs the commands of a service that has several, one after the other; most have one.</summary>
    private async Task<RunEnd> RunAsync()
    {
        for (int next = 1; ; next++)
        {
            RunEnd end = await _current.Ended.ConfigureAwait(false);
            bool goesOn = next < _program.Main.Count && (end.IsSuccess || _program.Main[next - 1].MayFail)
                && Volatile.Read(ref _isStopping) == 0;
            if (!goesOn)
                return end.IsSuccess || !_program.Main[next - 1].MayFail ? end : new(0);
            Volatile.Write(ref _current, Start(_leash, _program, _context, _program.Main[next]));
        }
    }

    /// <summary>Runs what the unit file has to stop it, then signals what is left.</summary>
    private async Task StopAsync()
    {
        try
        {
            foreach (ServiceCommand command in _program.Stop)
            {
                string pid = Volatile.Read(ref _current).Pid.ToString(CultureInfo.InvariantCulture);
                ServiceProgram program = _program with { Environment = [.. _program.Environment, $"MAINPID={pid}"] };
                LeashedProcess stop = Start(_leash, program, _context, command);
                await FinishAsync(stop, _killed.Token).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is UnitStartException or ObjectDisposedException)
        {
            _context.Observer.OnOutput($"ExecStop: {failure.Message}", isError: true);
        }

        Volatile.Read(ref _current).Term();
    }
}
