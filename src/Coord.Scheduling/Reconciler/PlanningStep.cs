using Coord.Scheduling.Placement;

namespace Coord.Scheduling.Reconciler;

/// <summary>
/// One look at the cluster: what is to be written now, and when to look again. Pure, but for its own memory.
/// </summary>
/// <remarks>
/// A slot whose runner lives moves in two phases: the runner is asked to stop, and only when it has given the slot back
/// is it given to another node. A slot whose runner is gone waits for the guard. So no two valid runners ever run.
/// </remarks>
internal sealed class PlanningStep(ReconcilerOptions options, SchedulerKeys keys, ClusterView view)
{
    private readonly LossWatch _losses = new(options);

    /// <summary>Gets the last plan, for people.</summary>
    public PlacementPlan? LastPlan { get; private set; }

    /// <summary>Decides.</summary>
    /// <param name="now">A timestamp of the planner's clock.</param>
    /// <returns>What to write, and how long what waits has to wait; null if nothing waits.</returns>
    public (List<SlotWrite> Writes, TimeSpan? Again) Decide(long now)
    {
        _losses.Observe(view, now);
        var slots = new Dictionary<SlotId, SlotView>();
        var writes = new List<SlotWrite>();
        SlotWrites make = new(keys, view);
        TimeSpan? again = _losses.IsBraking ? options.BrakeTime : null;

        foreach (SlotView assignment in view.Assignments.Values.OrderBy(a => a.Slot).ThenByDescending(a => a.Token))
        {
            // Somebody else has written where there are two: the one with the smaller token is no longer valid.
            if (!slots.TryAdd(assignment.Slot, assignment)
                && (view.IsAlive(assignment) ? make.Stop(assignment, "Void") : make.Remove(assignment)) is { } end)
            {
                writes.Add(end);
            }
        }

        _losses.Forget((node, life) => slots.Values.Any(s => s.Node == node && s.Value.Incarnation == life));

        PlacementSnapshot snapshot = Snapshot(slots, now, ref again, out HashSet<SlotId> waiting);
        PlacementPlan plan = new Planner(options.Planner with { HoldLostNodes = _losses.IsBraking }).Plan(snapshot);
        LastPlan = plan;
        HashSet<SlotId> changed = [];
        foreach (PlacementChange change in plan.Changes)
        {
            changed.Add(change.Slot);
            if (!waiting.Contains(change.Slot)
                && Carry(make, change, slots.GetValueOrDefault(change.Slot)) is { } write)
            {
                writes.Add(write);
            }
        }

        foreach (SlotView present in slots.Values.Where(s => !changed.Contains(s.Slot) && view.IsAlive(s)))
        {
            if (view.Specs.TryGetValue(present.Slot.Unit, out SpecView? spec)
                && make.Update(present, spec) is { } update)
            {
                writes.Add(update);
            }
        }

        writes.AddRange(view.Fences.Keys.Union(view.Outcomes.Keys)
            .Where(slot => !view.Specs.ContainsKey(slot.Unit) && !slots.ContainsKey(slot))
            .Select(make.Forget));
        return (writes, again);
    }

    /// <summary>What the planner is shown: a slot that waits for the guard is still where it was.</summary>
    private PlacementSnapshot Snapshot(
        Dictionary<SlotId, SlotView> slots, long now, ref TimeSpan? again, out HashSet<SlotId> waiting)
    {
        var builder = new PlacementSnapshotBuilder { Revision = view.Revision };
        foreach (NodeView node in view.Nodes.Values)
            builder.SetNode(node.Spec);
        foreach (SpecView spec in view.Specs.Values)
        {
            builder.SetUnit(spec.Spec);
            if (spec.Spec.Kind is UnitKind.OneShot && IsDone(spec))
                builder.SetSlots(spec.Spec.Name, []);
        }

        waiting = [];
        foreach (SlotView slot in slots.Values)
        {
            TimeSpan left = view.IsAlive(slot)
                ? TimeSpan.Zero
                : _losses.Left(slot.Node, slot.Value.Incarnation, now);
            if (left > TimeSpan.Zero)
            {
                waiting.Add(slot.Slot);
                again = again is null || left < again ? left : again;
            }

            // A node that is back in another life runs nothing of the one before.
            bool isVoid = left <= TimeSpan.Zero && view.Nodes.ContainsKey(slot.Node) && !view.IsAlive(slot);
            if (!isVoid)
                builder.Assign(slot.Slot, slot.Node);
        }

        return builder.Build();
    }

    private SlotWrite? Carry(SlotWrites make, PlacementChange change, SlotView? present)
    {
        if (present is not null && view.IsAlive(present))
            return make.Stop(present, change.Reason.ToString());
        if (!change.To.IsNone && view.Specs.TryGetValue(change.Slot.Unit, out SpecView? spec))
            return make.Assign(change.Slot, view.Nodes[change.To], spec, present);
        return present is null ? null : make.Remove(present);
    }

    private bool IsDone(SpecView spec) =>
        view.Outcomes.TryGetValue(new(spec.Spec.Name, 0), out SlotOutcome? outcome)
        && outcome.SpecRevision == spec.Revision;
}
