using Coord.Kv;
using Coord.Raft;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Checking;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Workloads;

/// <summary>
/// Follows a range for as long as the run lasts: a watch, and when it ends another one, from where it was or from
/// somewhere else. At the end it makes a last change, and is done only when its watch has told it of that.
/// </summary>
internal sealed class WatchFollower(
    Actor actor, Chance chance, StoreHistory history, List<WatchRun> runs, string name)
{
    private readonly long _slowness = chance.Next(3) == 0 ? chance.LogUniform(Span.Millisecond, 3 * Span.Second) : 0;
    private Revision _position;
    private Revision _lastPut;
    private Revision _lastDeletion;
    private int _count;

    /// <summary>Follows a range.</summary>
    public async Task RunAsync(KeyRange range)
    {
        bool isDone = false;
        while (!isDone)
        {
            WatchRun run = Begin(range);
            try
            {
                isDone = await FollowAsync(run).ConfigureAwait(false);
            }
            catch (CompactedException compacted)
            {
                run.AddCompacted(compacted.OldestRevision, actor.Now);
                _position = new(compacted.OldestRevision.Value - 1);
            }
            catch (Exception exception) when (exception is CoordException or ObjectDisposedException
                or IOException or PowerCutException)
            {
                // The member went away, or says that it has lost the leader.
                await actor.DelayAsync(TimeSpan.FromMilliseconds(100)).ConfigureAwait(false);
            }

            actor.Trace($"watch {run.Name} ends after {_position}");
        }
    }

    private WatchRun Begin(KeyRange range)
    {
        bool skipsPuts = chance.Next(8) == 0;
        WatchRun run = new($"{name}.{_count++}", range, new()
        {
            StartRevision = DrawStart(),
            ReturnPrevious = chance.Next(2) == 0,
            SkipPuts = skipsPuts,
            SkipDeletes = !skipsPuts && chance.Next(8) == 0,
            ReportProgress = chance.Next(2) == 0,
            RequireLeader = chance.Next(4) == 0 || actor.IsOver,
        });
        runs.Add(run);
        if (actor.World.Trace.IsRead)
            actor.Trace($"watch {run.Name} of {range}: {run.Options}");
        return run;
    }

    /// <summary>Draws where to begin: mostly where the last one ended, else in the past or the future.</summary>
    private Revision DrawStart()
    {
        if (!actor.IsOver)
        {
            switch (chance.Next(6))
            {
                case 0:
                    _position = new(chance.Between(0, history.Newest.Value));
                    break;
                case 1:
                    _position = new(history.Newest.Value + chance.Between(0, 20));
                    break;
            }
        }

        return _position.Next;
    }

    /// <summary>Follows one watch.</summary>
    /// <returns>Whether it has told of the last change; else it was given up for no reason.</returns>
    private async Task<bool> FollowAsync(WatchRun run)
    {
        using CancellationTokenSource stop = new();
        IAsyncEnumerator<WatchBatch> batches =
            actor.Store.WatchAsync(run.Range, run.Options, stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool> next = batches.MoveNextAsync().AsTask();
        SimulatedNode? node = actor.Node; // Where it goes to is decided when it begins.
        try
        {
            long until = DrawEnd();
            while (actor.Now < until || actor.IsOver)
            {
                // At a machine that is no member a watch waits for ever by right: nobody tells that anything.
                if (actor.IsOver && node is not null && !actor.IsMember(node))
                {
                    actor.Leave();
                    return false;
                }

                if (actor.IsOver && await IsAtEndAsync(run).ConfigureAwait(false))
                    return true;
                if (await Task.WhenAny(next, actor.World.DelayAsync(Span.Second)).ConfigureAwait(false) != next)
                    continue;
                if (!await next.ConfigureAwait(false))
                    return false;

                Note(run, batches.Current);
                next = batches.MoveNextAsync().AsTask();
                if (_slowness > 0 && !actor.IsOver)
                    await actor.World.DelayAsync(chance.Between(0, 2 * _slowness)).ConfigureAwait(false);
            }

            return false;
        }
        finally
        {
            // It cannot be disposed of while it moves.
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(next).ConfigureAwait(false);
            await batches.DisposeAsync().ConfigureAwait(false);
        }
    }

    private long DrawEnd() => chance.Next(2) == 0
        ? actor.Now + chance.LogUniform(100 * Span.Millisecond, 60 * Span.Second)
        : long.MaxValue;

    private void Note(WatchRun run, WatchBatch batch)
    {
        run.Add(batch, actor.Now);
        _position = batch.Revision > _position ? batch.Revision : _position;
        actor.World.Trace.Mix(actor.Now, batch.Revision.Value, batch.Events.Count);
        if (actor.World.Trace.IsRead)
            actor.Trace($"watch {run.Name} sees {batch.Revision} {StoreText.Of(batch.Events)}");
    }

    /// <summary>Makes a last change that the watch must tell of, and tells whether it has.</summary>
    private async Task<bool> IsAtEndAsync(WatchRun run)
    {
        KeyRange key = new(run.Range.Key);
        while (_lastPut.IsZero || _lastDeletion.IsZero)
        {
            // The first one clears away, so that the put is a creation; the last one has then something to delete.
            await history.DoAsync(actor, StoreInput.Delete(key)).ConfigureAwait(false);
            StoreInput put = new(Transaction.Of(Operation.Put(key.Key, ChangeLog.BytesOf($"last of {name}"))));
            TransactionResult? last = await history.DoAsync(actor, put).ConfigureAwait(false);
            TransactionResult? gone = await history.DoAsync(actor, StoreInput.Delete(key)).ConfigureAwait(false);
            if (last is not null && gone?.Results[0].Delete is { Deleted: 1 })
                (_lastPut, _lastDeletion) = (last.Revision, gone.Revision);
        }

        return _position >= (run.Options.SkipPuts ? _lastDeletion : _lastPut);
    }
}
