using Coord.Raft.Driver;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Nodes;

/// <summary>Pumps one loop of a process, as the thread of production does, at times that chance decides.</summary>
/// <remarks>
/// A turn happens at the end of the time that it takes: for the log that is the time of a sync, during which more
/// batches come together. What crashes the process meanwhile comes before the turn, so nothing of it has happened.
/// </remarks>
internal sealed class SimulatedPump : SimulatedEvent, ILoopPump
{
    private const int MaxTurns = 8;

    private readonly SimulatedProcess _process;
    private readonly LoopPumpOptions _options;
    private readonly LoopKind _kind;
    private readonly Action _wake;
    private readonly Chance _halves;
    private bool _isStarted;
    private bool _hasFailed;
    private bool _isHalfDone;
    private long _secondHalf;

    public SimulatedPump(SimulatedProcess process, LoopPumpOptions options)
    {
        (_process, _options, _wake) = (process, options, Wake);
        _halves = process.Node.Chance.Fork("halves", process.Number);
        _kind = options.Name switch
        {
            "raft" => LoopKind.Owner,
            "log" => LoopKind.Storage,
            "apply" => LoopKind.Apply,
            "snapshot" => LoopKind.Snapshot,
            "transfer" => LoopKind.Transfer,
            _ => LoopKind.Segments,
        };
    }

    /// <inheritdoc/>
    public void Start()
    {
        _isStarted = true;
        Wake();
    }

    /// <inheritdoc/>
    public void StopAndJoin()
    {
        if (!_isStarted || _hasFailed || _process.IsGone)
            return;

        _isStarted = false;
        Cancel();
        while (TryTurn(out bool worked) && worked)
        {
        }
    }

    /// <inheritdoc/>
    public override void Run()
    {
        if (!_isStarted || _hasFailed || _process.IsGone || _process.TryHoldUp(this))
            return;

        _process.World.Trace.Mix(_process.World.Now, 16 + (long)_kind, (long)_process.Id.Value);
        _options.Signal.Arm(_wake);
        if (_isHalfDone || _secondHalf > 0)
        {
            // A crash between the halves finds what was written on the disk, or not, or in part.
            long half = _secondHalf;
            _secondHalf = 0;
            if (!TryTurn(out bool worked, isHalf: !_isHalfDone))
                return;
            if (_isHalfDone)
                _process.World.Schedule(this, half);
            else if (worked)
                Wake();
            if (worked)
                return;
        }

        for (int turn = 0; turn < MaxTurns; turn++)
        {
            if (!TryTurn(out bool hasWorked))
                return;
            if (!hasWorked)
                break;
        }

        if (!_isStarted || _process.IsGone || IsScheduled)
            return;
        long pause = _process.Clock.ToTrue(Span.Of(_options.NextWake()));
        _process.World.Schedule(this, Math.Max(pause, Span.Microsecond));
    }

    private void Wake()
    {
        // What comes during a sync waits for the next.
        if (!_isStarted || _process.IsGone || _isHalfDone)
            return;

        long delay = _process.DrawPause(_kind);
        if (_kind is LoopKind.Storage && _halves.OneIn(2))
        {
            _secondHalf = (delay / 2) + 1;
            delay -= delay / 2;
        }

        if (!IsScheduled || Time > _process.World.Now + delay)
            _process.World.Schedule(this, delay);
    }

    /// <summary>Does a turn, or the half of the log's in which it writes and does not sync.</summary>
    private bool TryTurn(out bool worked, bool isHalf = false)
    {
        worked = false;
        try
        {
            _isHalfDone = false;
            if (isHalf && _options.Loop is StorageLoop storage)
            {
                worked = _isHalfDone = storage.Write();
                return true;
            }

            worked = _options.Loop.Pump();
            _process.OnPumped(_kind);
            return true;
        }
        catch (PowerCutException)
        {
            _process.Node.CutPower("in the middle of a turn of its " + _options.Name);
        }
#pragma warning disable CA1031 // What ends a loop ends the node, as with the threads of production.
        catch (Exception exception) when (exception is not SimulationFailedException)
#pragma warning restore CA1031
        {
            _hasFailed = true;
            _options.OnFailure(exception);
        }

        return false;
    }
}
