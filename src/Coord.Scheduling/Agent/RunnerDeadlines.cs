using Coord.Kv.Coordination;

namespace Coord.Scheduling.Agent;

/// <summary>Tells the runners until when their runs may go on, each time that the lease was renewed.</summary>
internal sealed class RunnerDeadlines : IDisposable
{
    private const int LooksPerLife = 20;

    private readonly CoordinationSession _session;
    private readonly long _grace;
    private readonly IUnitRunner[] _runners;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long _told;

    public RunnerDeadlines(CoordinationSession session, AgentOptions options, IEnumerable<IUnitRunner> runners)
    {
        _session = session;
        _grace = (long)(options.FenceGrace.TotalSeconds * options.TimeProvider.TimestampFrequency);
        _runners = [.. runners];
        Tell();
        TimeSpan interval = options.TimeToLive / LooksPerLife;
        _timer = options.TimeProvider.CreateTimer(
            static deadlines => ((RunnerDeadlines)deadlines!).Tell(), this, interval, interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Tell()
    {
        // A runner that takes its time is asked again at the next look; calls do not pile up behind it.
        if (!_lock.TryEnter())
            return;
        try
        {
            long cancelAt = _session.SafeUntil;
            if (_told == cancelAt)
                return;
            _told = cancelAt;
            foreach (IUnitRunner runner in _runners)
                runner.SetDeadline(cancelAt, cancelAt + _grace);
        }
        finally
        {
            _lock.Exit();
        }
    }
}
