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
    private bool _isStarted;
    private bool _hasFailed;

    public SimulatedPump(SimulatedProcess process, LoopPumpOptions options)
    {
        (_process, _options, _wake) = (process, options, Wake);
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
        for (int turn = 0; turn < MaxTurns; turn++)
        {
            if (!TryTurn(out bool worked))
                return;
            if (!worked)
                break;
        }

        if (!_isStarted || _process.IsGone || IsScheduled)
            return;
        long pause = _process.Clock.ToTrue(Span.Of(_options.NextWake()));
        _process.World.Schedule(this, Math.Max(pause, Span.Microsecond));
    }

    private void Wake()
    {
        if (!_isStarted || _process.IsGone)
            return;

        long delay = _process.DrawPause(_kind);
        if (!IsScheduled || Time > _process.World.Now + delay)
            _process.World.Schedule(this, delay);
    }

    private bool TryTurn(out bool worked)
    {
        worked = false;
        try
        {
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
