using System.Runtime.ExceptionServices;
using Coord.Raft.Core;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>The opening of the log when a node starts, beside the loading of its snapshot.</summary>
/// <remarks>
/// Both read and check hundreds of megabytes, and neither needs the other. Used by one thread; the opening itself runs
/// on one of its own, or at once where everything happens on one thread.
/// </remarks>
internal sealed class LogOpening : IDisposable
{
    private readonly Func<LogTrail, (Wal Log, WalRecovery Recovery)> _open;
    private readonly LogTrail _trail;
    private readonly Thread? _thread;
    private (Wal Log, WalRecovery Recovery)? _opened;
    private ExceptionDispatchInfo? _failure;
    private bool _isWhole;
    private bool _taken;

    private LogOpening(Func<LogTrail, (Wal Log, WalRecovery Recovery)> open, LogTrail trail, bool beside)
    {
        (_open, _trail) = (open, trail);
        if (beside)
        {
            _thread = new Thread(Open) { IsBackground = true, Name = "coord open log" };
            _thread.Start();
        }
        else
        {
            Open();
        }
    }

    /// <summary>Gets what the log held, once it is known.</summary>
    /// <exception cref="CoordException">The log cannot be opened.</exception>
    public WalRecovery Recovery => Wait().Recovery;

    /// <summary>Starts opening.</summary>
    /// <param name="open">Opens the log and loads its entries, of those up to a snapshot the last ones.</param>
    /// <param name="trail">Which of them, if the newest snapshot is what it seems.</param>
    /// <param name="beside">Whether on a thread of its own; else what fails is thrown by the first who asks.</param>
    public static LogOpening Begin(
        Func<LogTrail, (Wal Log, WalRecovery Recovery)> open, LogTrail trail, bool beside) =>
        new(open, trail, beside);

    /// <summary>Loads the entries that a snapshot was to stand for, since that cannot be read.</summary>
    /// <exception cref="CoordException">The log cannot be opened.</exception>
    public void LoadAll()
    {
        if (_trail == default || _isWhole)
            return;

        (Wal log, WalRecovery recovery) = Wait();
        RaftLog.Release(recovery.Entries.Span);
        log.Dispose();
        _opened = null;
        _opened = _open(default);
        _isWhole = true;
    }

    /// <summary>Takes the log, which the caller owns from now on.</summary>
    /// <exception cref="CoordException">The log cannot be opened.</exception>
    public Wal Take()
    {
        Wal log = Wait().Log;
        _taken = true;
        return log;
    }

    /// <summary>Waits for the end, and closes a log that nobody took.</summary>
    public void Dispose()
    {
        _thread?.Join();
        if (!_taken && _opened is { } opened)
            opened.Log.Dispose();
    }

    private (Wal Log, WalRecovery Recovery) Wait()
    {
        _thread?.Join();
        _failure?.Throw();
        return _opened!.Value;
    }

    private void Open()
    {
        try
        {
            _opened = _open(_trail);
        }
#pragma warning disable CA1031 // It is thrown where the log is asked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }
}
