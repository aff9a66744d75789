using Coord.Kv;
using Coord.Scheduling.Codec;
using Coord.Scheduling.Diagnostics;

namespace Coord.Scheduling.Agent;

/// <summary>The slots of one life of a node: turns keys into wishes. Thread-safe.</summary>
internal sealed class NodeSlots(NodeLife life)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SlotId, (SlotActor Actor, Task Run)> _actors = [];

    // A request to stop may be seen before the assignment that it means: the two come on watches of their own.
    private readonly Dictionary<SlotId, StopValue> _stops = [];
    private bool _isOver;

    /// <summary>Gets how many slots there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _actors.Count;
        }
    }

    /// <summary>Returns the last lines of a slot's output.</summary>
    public string[] Journal(SlotId slot)
    {
        lock (_lock)
            return _actors.TryGetValue(slot, out (SlotActor Actor, Task Run) found) ? found.Actor.Journal : [];
    }

    /// <summary>Takes all assignments of the node.</summary>
    public void OnAssignments(IReadOnlyList<KeyValue> keyValues)
    {
        lock (_lock)
        {
            HashSet<SlotId> present = [];
            foreach (KeyValue keyValue in keyValues)
            {
                if (TrySlot(keyValue, life.Keys.Assignments, out SlotId slot))
                    present.Add(slot);
                OnAssigned_NeedsLock(keyValue);
            }

            foreach (SlotId gone in _actors.Keys.Where(slot => !present.Contains(slot)).ToList())
                OnGone_NeedsLock(gone);
        }
    }

    /// <summary>Takes a change of one assignment.</summary>
    public void OnAssignment(WatchEvent change)
    {
        lock (_lock)
        {
            if (change.Kind is WatchEventKind.Put)
                OnAssigned_NeedsLock(change.KeyValue);
            else if (TrySlot(change.KeyValue, life.Keys.Assignments, out SlotId slot))
                OnGone_NeedsLock(slot);
        }
    }

    /// <summary>Takes all requests to stop.</summary>
    public void OnStops(IReadOnlyList<KeyValue> keyValues)
    {
        lock (_lock)
        {
            _stops.Clear();
            foreach (KeyValue keyValue in keyValues)
                OnStop_NeedsLock(keyValue);
        }
    }

    /// <summary>Takes a change of one request to stop.</summary>
    public void OnStop(WatchEvent change)
    {
        lock (_lock)
        {
            if (change.Kind is WatchEventKind.Put)
                OnStop_NeedsLock(change.KeyValue);
            else if (TrySlot(change.KeyValue, life.Keys.Stops, out SlotId slot))
                _stops.Remove(slot);
        }
    }

    /// <summary>Ends all slots. Returns when nothing of them runs any more.</summary>
    /// <param name="end">How; where the session is lost meanwhile, it is lost for those that still run.</param>
    public async Task EndAsync(SlotEnd end)
    {
        List<(SlotActor Actor, Task Run)> actors;
        lock (_lock)
        {
            _isOver = true;
            actors = [.. _actors.Values];
            foreach ((SlotActor actor, _) in actors)
                actor.Want(actor.Wish with { End = end });
        }

        Task all = Task.WhenAll(actors.Select(actor => actor.Run));
        using (life.Session.Lost.Register(() => actors.ForEach(actor => actor.Actor.Fence())))
            await all.ConfigureAwait(false);
    }

    private void OnAssigned_NeedsLock(KeyValue keyValue)
    {
        if (_isOver || !TrySlot(keyValue, life.Keys.Assignments, out SlotId slot))
            return;
        if (!SchedulerJson.TryRead(
            keyValue, SchedulerJson.Default.AssignmentValue, out AssignmentValue? value, out string? problem))
        {
            Log.Unreadable(life.Log, problem);
            return;
        }

        // Meant for an earlier life, of which nothing runs any more. The planner will give the slot to somebody else.
        if (value.Incarnation != life.Incarnation)
            return;

        long token = value.Token.Value == 0 ? keyValue.ModRevision.Value : value.Token.Value;
        Assignment assignment = new(slot, life.Node, value.Incarnation, new(token), value.SpecRevision, value.Target);
        bool isToStop = _stops.TryGetValue(slot, out StopValue? stop) && stop.Token == assignment.Token;
        Want_NeedsLock(new(assignment, keyValue.ModRevision.Value, isToStop ? SlotEnd.Confirm : SlotEnd.None));
    }

    private void OnStop_NeedsLock(KeyValue keyValue)
    {
        if (!TrySlot(keyValue, life.Keys.Stops, out SlotId slot))
            return;
        if (!SchedulerJson.TryRead(
            keyValue, SchedulerJson.Default.StopValue, out StopValue? stop, out string? problem))
        {
            Log.Unreadable(life.Log, problem);
            return;
        }

        _stops[slot] = stop;
        if (_actors.TryGetValue(slot, out (SlotActor Actor, Task Run) found)
            && found.Actor.Wish.Assignment.Token == stop.Token
            && found.Actor.Wish.End is SlotEnd.None)
        {
            found.Actor.Want(found.Actor.Wish with { End = SlotEnd.Confirm });
        }
    }

    private void OnGone_NeedsLock(SlotId slot)
    {
        if (_actors.TryGetValue(slot, out (SlotActor Actor, Task Run) found))
            found.Actor.Want(found.Actor.Wish with { End = SlotEnd.Silent });
    }

    private void Want_NeedsLock(SlotWish wish)
    {
        SlotId slot = wish.Assignment.Slot;
        if (_actors.TryGetValue(slot, out (SlotActor Actor, Task Run) found))
        {
            found.Actor.Want(wish);
            return;
        }

        SlotActor actor = new(life, wish);
        _actors.Add(slot, (actor, RunAsync(actor)));
    }

    /// <summary>Runs an actor until it has ended and nobody wants it again, and forgets it.</summary>
    private async Task RunAsync(SlotActor actor)
    {
        // Never inside the lock.
        await Task.Yield();
        while (true)
        {
            await actor.RunAsync().ConfigureAwait(false);
            lock (_lock)
            {
                // Wishes are made under the lock: one that came after the actor looked for the last time is seen here.
                if (actor.Wish.End is not SlotEnd.None)
                {
                    _actors.Remove(actor.Slot);
                    return;
                }
            }
        }
    }

    private bool TrySlot(KeyValue keyValue, string prefix, out SlotId slot) =>
        SchedulerKeys.TryParse(keyValue.Key.Span, prefix, out NodeName node, out slot) && node == life.Node;
}
