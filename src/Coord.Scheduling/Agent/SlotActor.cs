using System.Diagnostics;
using System.Text;
using Coord.Kv;
using Coord.Scheduling.Codec;
using Coord.Scheduling.Diagnostics;

namespace Coord.Scheduling.Agent;

/// <summary>Brings about what is wanted of one slot, in a flow of its own: no other slot waits for it.</summary>
/// <remarks>
/// <list type="number">
/// <item>At most one run of the slot at a time.</item>
/// <item>A run ends before its end is confirmed, and before another token's run begins.</item>
/// <item>Nothing is started when the session is lost: it looks at the clock, not at a timer.</item>
/// </list>
/// </remarks>
internal sealed class SlotActor
{
    /// <summary>How long a run that was killed may take to be gone before somebody is told.</summary>
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(5);

    private readonly NodeLife _life;
    private readonly RunJournal _journal;
    private readonly Signal _signal = new();
    private readonly Backoff _backoff;
    private SlotWish _wish;
    private UnitSpec? _spec;
    private long _specRevision;
    private SlotStatus _status;
    private bool _isFinal;

    public SlotActor(NodeLife life, SlotWish wish)
    {
        _life = life;
        _wish = wish;
        Slot = wish.Assignment.Slot;
        _status = new(Slot, life.Node, wish.Assignment.Token, SlotPhase.Loaded);
        _journal = new(life.Options.JournalLines, OnJournal);
        _backoff = new(life.Options.MaxRestartDelay, life.Clock);
    }

    /// <summary>Gets the slot.</summary>
    public SlotId Slot { get; }

    /// <summary>Gets what is wanted at present.</summary>
    public SlotWish Wish => Volatile.Read(ref _wish);

    /// <summary>Gets the last lines of output.</summary>
    public string[] Journal => _journal.Lines();

    /// <summary>Says what is wanted from now on. Nothing takes back the end of the node's life.</summary>
    public void Want(SlotWish wish)
    {
        SlotWish before;
        do
        {
            before = Wish;
            if (before.End is SlotEnd.Fence)
                return;
        }
        while (Interlocked.CompareExchange(ref _wish, wish, before) != before);
        _signal.Set();
    }

    /// <summary>Ends the slot because the node is out of touch.</summary>
    public void Fence() => Want(Wish with { End = SlotEnd.Fence });

    /// <summary>Runs until the slot has ended. Never throws.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            Task change = _signal.Next;
            SlotWish wish = Wish;
            if (wish.End is not SlotEnd.None)
            {
                if (await ConcludeAsync(wish).ConfigureAwait(false))
                    return;
                continue;
            }

            if (_status.Token != wish.Assignment.Token)
                Begin(wish.Assignment);
            if (!await TryLoadSpecAsync(wish.Assignment).ConfigureAwait(false))
                continue;

            if (wish.Assignment.Target is not UnitState.Launched || _isFinal)
            {
                if (!_isFinal)
                    Report(_status with { Phase = SlotPhase.Loaded, IsReady = false, Message = "" });
                await change.ConfigureAwait(false);
            }
            else if (!await WaitOrChangeAsync(change).ConfigureAwait(false))
            {
                await RunOnceAsync(wish).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Begins anew for another token: nothing of what was before counts.</summary>
    private void Begin(Assignment assignment)
    {
        _status = new(Slot, _life.Node, assignment.Token, SlotPhase.Loaded);
        _isFinal = false;
        _backoff.Clear();
    }

    /// <summary>Reads what is to be run, unless it is known. False where something else is wanted by now.</summary>
    private async Task<bool> TryLoadSpecAsync(Assignment assignment)
    {
        if (_spec is not null && _specRevision == assignment.SpecRevision)
            return true;

        SlotSpecs specs = new(_life);
        (UnitSpec? spec, string problem) = await specs.ReadAsync(assignment).ConfigureAwait(false);
        (_spec, _specRevision, _isFinal) = (spec, assignment.SpecRevision, spec is null);
        _backoff.Clear();
        if (spec is null)
        {
            // Also without the lease: its end is about to be told, and until then there is nothing to do.
            Report(_status with { Phase = SlotPhase.Failed, Message = problem });
            return true;
        }

        return Wish.Assignment == assignment;
    }

    /// <summary>Waits for the pause after a failure. Returns true if something else came before.</summary>
    private async Task<bool> WaitOrChangeAsync(Task change)
    {
        TimeSpan left = _backoff.Left;
        if (left <= TimeSpan.Zero)
            return false;
        using var stop = new CancellationTokenSource();
        Task pause = Task.Delay(left, _life.Clock, stop.Token);
        Task first = await Task.WhenAny(change, pause).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        return first == change;
    }

    private async Task RunOnceAsync(SlotWish wish)
    {
        UnitSpec spec = _spec!;
        if (!_life.Runners.TryGetValue(spec.Runner, out IUnitRunner? runner))
        {
            Conclude(SlotPhase.Failed, $"Node {_life.Node} has no runner '{spec.Runner}'.");
            return;
        }

        if (!runner.CanRun(spec, out string reason))
        {
            Conclude(SlotPhase.Failed, reason);
            return;
        }

        _journal.BeginRun();
        Report(_status with { Phase = SlotPhase.Starting, IsReady = false, Message = "" });
        long startedAt = _life.Clock.GetTimestamp();
        RunEnd end;
        bool wasAsked;
        try
        {
            (end, wasAsked) = await StartAndWaitAsync(runner, spec, wish).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A runner is code of somebody else: whatever it throws, this slot alone has the trouble.
            (end, wasAsked) = (new(null, 0, failure.Message), !IsWanted(wish));
        }

        if (!wasAsked)
            await DecideAsync(spec, end, _life.Clock.GetElapsedTime(startedAt)).ConfigureAwait(false);
    }

    private async Task<(RunEnd End, bool WasAsked)> StartAndWaitAsync(IUnitRunner runner, UnitSpec spec, SlotWish wish)
    {
        using var giveUp = new CancellationTokenSource();
        Task over = UntilOverAsync(wish, giveUp.Token);
        RunContext context = new(Slot, spec, _life.Node, wish.Assignment.Token, _journal);

        // Last look at the clock: what the session's end must stop shall not begin after it.
        _life.Session.ThrowIfLost();
        Task<IRunningUnit> starting = runner.StartAsync(context, giveUp.Token);
        if (await Task.WhenAny(starting, over).ConfigureAwait(false) == over)
            await giveUp.CancelAsync().ConfigureAwait(false);

        IRunningUnit run = await starting.ConfigureAwait(false);
        await using (run.ConfigureAwait(false))
        {
            Report(_status with { Phase = SlotPhase.Running, IsReady = _journal.IsReady, Message = _journal.Message });
            Task deadline = Task.Delay(spec.RunDeadline ?? Timeout.InfiniteTimeSpan, _life.Clock, giveUp.Token);
            Task first = await Task.WhenAny(run.Completion, over, deadline).ConfigureAwait(false);
            bool isLate = first == deadline;
            if (first != run.Completion)
                await new SlotStop(_life, run, this).EndAsync(spec.StopGrace, KillTime).ConfigureAwait(false);
            RunEnd end = await run.Completion.ConfigureAwait(false);
            await giveUp.CancelAsync().ConfigureAwait(false);
            return isLate
                ? (new(null, 0, $"It took longer than {spec.RunDeadline}, and was stopped."), false)
                : (end, first == over);
        }
    }

    /// <summary>Says whether a run is what is still wanted.</summary>
    private bool IsWanted(SlotWish running)
    {
        SlotWish wish = Wish;
        return wish.End is SlotEnd.None
            && wish.Assignment.Token == running.Assignment.Token
            && wish.Assignment.SpecRevision == running.Assignment.SpecRevision
            && wish.Assignment.Target is UnitState.Launched;
    }

    /// <summary>Ends when this run is no longer what is wanted.</summary>
    private async Task UntilOverAsync(SlotWish running, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change = _signal.Next;
            if (!IsWanted(running))
                return;
            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends when the node's life does.</summary>
    internal async Task UntilFencedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change = _signal.Next;
            if (Wish.End is SlotEnd.Fence)
                return;
            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells that the slot is being stopped.</summary>
    internal void ReportStopping(string message) =>
        Report(_status with { Phase = SlotPhase.Stopping, IsReady = false, Message = message });

    /// <summary>Decides what comes after a run that ended by itself.</summary>
    private async Task DecideAsync(UnitSpec spec, RunEnd end, TimeSpan lasted)
    {
        bool isRunToCompletion = spec.Kind is UnitKind.OneShot or UnitKind.Cron;
        bool again = isRunToCompletion
            ? !end.IsSuccess && _status.Restarts + 1 < spec.MaxAttempts
            : Restarts.After(spec.Restart, end);
        _status = _status with { ExitCode = end.ExitCode };
        if (again)
        {
            _backoff.Fail(spec.RestartDelay, lasted);
            Report(_status with
            {
                Phase = SlotPhase.Starting,
                IsReady = false,
                Restarts = _status.Restarts + 1,
                Message = end.Message.Length > 0 ? end.Message : $"It ended with exit code {end.ExitCode}.",
            });
            return;
        }

        Conclude(end.IsSuccess ? SlotPhase.Succeeded : SlotPhase.Failed, end.Message);
        if (isRunToCompletion)
            await RecordOutcomeAsync(end).ConfigureAwait(false);
    }

    private void Conclude(SlotPhase phase, string message)
    {
        _isFinal = true;
        Report(_status with { Phase = phase, IsReady = false, Message = message });
    }

    /// <summary>Leaves what became of the run in the store, in the transaction that gives the slot back.</summary>
    private async Task RecordOutcomeAsync(RunEnd end)
    {
        SlotOutcome outcome = new(
            _life.Node, _status.Token, _specRevision, end.IsSuccess, end.ExitCode, end.Message);
        Operation put = Operation.Put(
            Encoding.UTF8.GetBytes(_life.Keys.Outcome(Slot)),
            SchedulerJson.Write(outcome, SchedulerJson.Default.SlotOutcome));
        await new SlotRelease(_life, Slot).ReleaseAsync(() => Wish, put).ConfigureAwait(false);
    }

    /// <summary>Ends the slot, nothing of which runs any more. False if it was wanted again meanwhile.</summary>
    private async Task<bool> ConcludeAsync(SlotWish wish)
    {
        if (wish.End is SlotEnd.Confirm)
            await new SlotRelease(_life, Slot).ReleaseAsync(() => Wish).ConfigureAwait(false);
        if (Wish.End is SlotEnd.None)
            return false;
        _life.Statuses.Remove(_life.Node, Slot);
        return true;
    }

    private void OnJournal()
    {
        SlotStatus status = _status;
        if (status.Phase is SlotPhase.Running && status.IsReady != _journal.IsReady)
            Report(status with { IsReady = _journal.IsReady, Message = _journal.Message });
    }

    private void Report(SlotStatus status)
    {
        Debug.Assert(status.Slot == Slot, "An actor speaks of its own slot.");
        if (status.Message.Length > 1024)
            status = status with { Message = status.Message[..1024] };
        if (status.Phase is SlotPhase.Failed && _status.Phase is not SlotPhase.Failed)
            Log.SlotFailed(_life.Log, _life.Node, Slot, status.Message);
        _status = status;
        _life.Statuses.Set(status);
    }
}
