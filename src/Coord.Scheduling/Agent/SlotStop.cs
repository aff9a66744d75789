using Coord.Scheduling.Diagnostics;

namespace Coord.Scheduling.Agent;

/// <summary>Ends one run: asks, waits for the grace, kills. The end of the node's life shortens the wait.</summary>
internal sealed class SlotStop(NodeLife life, IRunningUnit run, SlotActor actor)
{
    /// <summary>Returns when nothing of the run is left.</summary>
    public async Task EndAsync(TimeSpan grace, TimeSpan killTime)
    {
        actor.ReportStopping("");
        run.RequestStop();

        using var stop = new CancellationTokenSource();
        Task fenced = actor.UntilFencedAsync(stop.Token);
        Task first = await Task.WhenAny(run.Completion, fenced, PauseAsync(grace, stop.Token)).ConfigureAwait(false);
        if (first == fenced)
            await Task.WhenAny(run.Completion, PauseAsync(life.Options.FenceGrace, stop.Token)).ConfigureAwait(false);

        if (!run.Completion.IsCompleted)
        {
            run.Kill();
            // Another node waits for the guard only: what is not gone within it may run beside its successor.
            TimeSpan most = fenced.IsCompletedSuccessfully ? life.Options.Guard / 2 : killTime;
            await Task.WhenAny(run.Completion, PauseAsync(most, stop.Token)).ConfigureAwait(false);
        }

        if (!run.Completion.IsCompleted)
        {
            Log.Overrun(life.Log, life.Node, actor.Slot);
            actor.ReportStopping("It was asked to end and then killed, and goes on all the same.");
            life.Options.OnOverrun?.Invoke(actor.Slot);
        }

        await run.Completion.ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
    }

    private Task PauseAsync(TimeSpan time, CancellationToken cancellationToken) =>
        Task.Delay(time < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : time, life.Clock, cancellationToken);
}
