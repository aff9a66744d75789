using Coord.Raft;
using Microsoft.Extensions.Options;

namespace Coord.AspNetCore.Handlers;

/// <summary>Tells the streams of clients that asked for it when this member has had no leader for too long.</summary>
/// <remarks>Owned by the container. Its timer looks rarely; a stream costs one registration.</remarks>
internal sealed class LeaderMonitor : IDisposable
{
    /// <summary>How often it looks within the time that a leader may be missing.</summary>
    private const int Looks = 3;

    private readonly RaftNode _node;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private CancellationTokenSource _lost = new();
    private int _missing;

    public LeaderMonitor(RaftNode node, IOptions<EtcdApiOptions> options, TimeProvider timeProvider)
    {
        _node = node;
        TimeSpan period = options.Value.NoLeaderTimeout / Looks;
        _timer = timeProvider.CreateTimer(_ => Look(), null, period, period);
    }

    /// <summary>Gets what is cancelled when the leader has been missing for too long from now on.</summary>
    public CancellationToken Lost
    {
        get
        {
            lock (_lock)
                return _lost.Token;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _lost.Dispose();
    }

    /// <summary>Looks once. Ending a stream costs its client more than waiting, hence not at the first time.</summary>
    internal void Look()
    {
        _missing = _node.Status.Leader.IsNone ? _missing + 1 : 0;
        if (_missing < Looks)
            return;

        _missing = 0;
        CancellationTokenSource lost;
        lock (_lock)
            (lost, _lost) = (_lost, new CancellationTokenSource());
        using (lost)
            lost.Cancel();
    }
}
