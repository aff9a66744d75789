using Coord.Kv;
using Coord.Raft;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Checking;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Several watches with one reader, in a member's own process, as a server has for its clients; and asks how far they
/// all are: nothing up to there may still be missing.
/// </summary>
internal sealed class WatchStreamFollower(
    Actor actor, Chance chance, StoreHistory history, List<WatchRun> runs, string name)
{
    private readonly long _slowness = chance.Next(2) == 0 ? chance.LogUniform(Span.Millisecond, 3 * Span.Second) : 0;
    private int _count;

    /// <summary>Follows ranges until the client has enough.</summary>
    public async Task RunAsync(Func<KeyRange> drawRange)
    {
        while (!actor.IsOver)
        {
            if (actor.ChooseNode().Process is { IsGone: false } process)
                await FollowAsync(process, drawRange).ConfigureAwait(false);
            await actor.World.DelayAsync(chance.Between(1, Span.Second)).ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(SimulatedProcess process, Func<KeyRange> drawRange)
    {
        using WatchStream stream = process.Store.OpenWatchStream();
        Dictionary<long, WatchRun> open = [];
        for (int i = chance.Next(3); i >= 0; i--)
        {
            Revision start = new(chance.Between(1, history.Newest.Value + 1));
            WatchRun run = new(
                $"{name}.{_count++}", drawRange(), new() { StartRevision = start, ReturnPrevious = chance.OneIn(2) });
            runs.Add(run);
            open.Add(stream.Add(run.Range, run.Options, 0, out _), run);
        }

        long until = actor.Now + chance.LogUniform(100 * Span.Millisecond, 60 * Span.Second);
        try
        {
            while (!process.IsGone && !actor.IsOver && actor.Now < until)
                await ReadAsync(stream, open).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CoordException or ObjectDisposedException
            or IOException or PowerCutException)
        {
            // The member has stopped, or its disk did.
        }
    }

    private async Task ReadAsync(WatchStream stream, Dictionary<long, WatchRun> open)
    {
        if (chance.Next(3) == 0)
            stream.RequestProgress();
        using CancellationTokenSource stop = new();
        Task<WatchNotice?> next = stream.ReadAsync(stop.Token).AsTask();
        if (await Task.WhenAny(next, actor.World.DelayAsync(Span.Second)).ConfigureAwait(false) != next)
            await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(next).ConfigureAwait(false);
        if (next.IsCanceled || await next.ConfigureAwait(false) is not { } notice)
            return;

        Note(notice, open);
        if (_slowness > 0)
            await actor.World.DelayAsync(chance.Between(0, 2 * _slowness)).ConfigureAwait(false);
    }

    private void Note(WatchNotice notice, Dictionary<long, WatchRun> open)
    {
        actor.World.Trace.Mix(actor.Now, notice.Revision.Value, notice.WatchId);
        if (notice.Kind is not WatchNoticeKind.Progress || notice.WatchId >= 0)
        {
            if (open.TryGetValue(notice.WatchId, out WatchRun? run))
                run.Add(notice, actor.Now);
            if (notice.Kind is WatchNoticeKind.Compacted)
                open.Remove(notice.WatchId);
            return;
        }

        // It says how far the store was when it was asked; some may be further, and some begin later.
        foreach (WatchRun run in open.Values)
        {
            Revision reached = run.Observations.Count > 0 ? run.Observations[^1].Notice.Revision : default;
            if (notice.Revision >= reached && notice.Revision >= run.Options.StartRevision)
                run.Add(notice, actor.Now);
        }
    }
}
