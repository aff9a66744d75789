namespace Coord.Scheduling.Reconciler;

/// <summary>
/// When which life of a node was seen to be gone, on the planner's own clock, and whether so many are that moves have
/// to wait. Pure; one flow uses it.
/// </summary>
internal sealed class LossWatch(ReconcilerOptions options)
{
    private readonly Dictionary<(NodeName Node, long Incarnation), long> _seenAt = [];
    private readonly Dictionary<NodeName, NodeView> _known = [];
    private readonly Dictionary<NodeName, long> _lostAt = [];

    /// <summary>Takes a look at the nodes.</summary>
    public void Observe(ClusterView view, long now)
    {
        foreach ((NodeName name, NodeView node) in _known.ToList())
        {
            if (view.Nodes.TryGetValue(name, out NodeView? present) && present.Incarnation == node.Incarnation)
                continue;
            _known.Remove(name);

            // Who said that it leaves is no loss.
            if (!node.Spec.IsDraining)
                _lostAt[name] = now;
        }

        foreach ((NodeName name, NodeView node) in view.Nodes)
        {
            _known[name] = node;
            _lostAt.Remove(name);
        }

        foreach (NodeName old in _lostAt.Where(lost => Elapsed(lost.Value, now) > options.BrakeTime)
            .Select(lost => lost.Key).ToList())
        {
            _lostAt.Remove(old);
        }
    }

    /// <summary>Gets a value indicating whether slots of lost nodes have to wait.</summary>
    public bool IsBraking => options.Brake.Engages(_known.Count + _lostAt.Count, _lostAt.Count);

    /// <summary>Says how long it still takes until the slots of a life that is gone may be given away.</summary>
    public TimeSpan Left(NodeName node, long incarnation, long now)
    {
        // The first look counts, also for what was gone before this node began to plan: nobody knows since when.
        if (!_seenAt.TryGetValue((node, incarnation), out long since))
            _seenAt.Add((node, incarnation), since = now);
        return options.Guard - Elapsed(since, now);
    }

    /// <summary>Forgets lives of which no slot is left.</summary>
    public void Forget(Func<NodeName, long, bool> isNeeded)
    {
        foreach ((NodeName node, long incarnation) in _seenAt.Keys.Where(life => !isNeeded(life.Node, life.Incarnation))
            .ToList())
        {
            _seenAt.Remove((node, incarnation));
        }
    }

    private TimeSpan Elapsed(long since, long now) => options.TimeProvider.GetElapsedTime(since, now);
}
