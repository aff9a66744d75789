using System.Text;
using Coord.Kv;
using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Reconciler;

/// <summary>Turns decisions about slots into writes. Pure.</summary>
/// <remarks>
/// Every write compares what it replaces, so a planner that has missed something writes nothing. That its author still
/// leads is compared once for each transaction, by whoever sends it.
/// </remarks>
internal sealed class SlotWrites(SchedulerKeys keys, ClusterView view)
{
    /// <summary>
    /// Makes a node the runner of a slot that has none, or whose runner is gone for long enough. The transaction's
    /// revision is the new runner's token.
    /// </summary>
    public SlotWrite Assign(SlotId slot, NodeView to, SpecView spec, SlotView? former)
    {
        NodeName node = to.Spec.Name;
        List<Comparison> conditions =
        [
            Same(keys.Fence(slot), view.Fences.GetValueOrDefault(slot)),
            Comparison.OfCreateRevision(
                KeyRange.Single(keys.Node(node)), ComparisonOperator.Equal, new(to.Incarnation)),
        ];
        AssignmentValue value = new(to.Incarnation, spec.Revision, Target(spec), default);
        FenceValue fence = new(node, to.Incarnation);
        List<Operation> operations =
        [
            Put(keys.Fence(slot), SchedulerJson.Write(fence, SchedulerJson.Default.FenceValue)),
            Put(keys.Assignment(node, slot), SchedulerJson.Write(value, SchedulerJson.Default.AssignmentValue)),
        ];
        if (former is null || former.Node != node)
            conditions.Add(Same(keys.Assignment(node, slot), 0));
        if (former is not null)
        {
            conditions.Add(Same(keys.Assignment(former.Node, slot), former.ModRevision));
            operations.Add(Operation.Delete(KeyRange.Single(keys.Stop(former.Node, slot))));
            if (former.Node != node)
                operations.Add(Operation.Delete(KeyRange.Single(keys.Assignment(former.Node, slot))));
        }

        return new(slot, conditions, operations);
    }

    /// <summary>Asks a living node to stop a slot; null if it has been asked already.</summary>
    public SlotWrite? Stop(SlotView present, string reason)
    {
        if (view.Stops.TryGetValue((present.Slot, present.Node), out long token) && token == present.Token)
            return null;
        StopValue stop = new(new(present.Token), reason);
        return new(
            present.Slot,
            [Same(keys.Assignment(present.Node, present.Slot), present.ModRevision)],
            [
                Put(
                    keys.Stop(present.Node, present.Slot),
                    SchedulerJson.Write(stop, SchedulerJson.Default.StopValue)),
            ]);
    }

    /// <summary>Takes a slot from a runner that is gone for long enough, and gives it to nobody.</summary>
    public SlotWrite Remove(SlotView gone) => new(
        gone.Slot,
        [Same(keys.Assignment(gone.Node, gone.Slot), gone.ModRevision)],
        [
            Operation.Delete(KeyRange.Single(keys.Assignment(gone.Node, gone.Slot))),
            Operation.Delete(KeyRange.Single(keys.Stop(gone.Node, gone.Slot))),
        ]);

    /// <summary>Tells the same runner another target or spec; null if it knows them.</summary>
    public SlotWrite? Update(SlotView present, SpecView spec)
    {
        AssignmentValue wanted = present.Value with
        {
            SpecRevision = spec.Revision,
            Target = Target(spec),
            Token = new(present.Token),
        };
        if (wanted.SpecRevision == present.Value.SpecRevision && wanted.Target == present.Value.Target)
            return null;
        string key = keys.Assignment(present.Node, present.Slot);
        return new(
            present.Slot,
            [Same(key, present.ModRevision)],
            [Put(key, SchedulerJson.Write(wanted, SchedulerJson.Default.AssignmentValue))]);
    }

    /// <summary>Forgets who ran a slot last, and what became of it, once its unit is gone.</summary>
    public SlotWrite Forget(SlotId slot) => new(
        slot,
        [Same(keys.Spec(slot.Unit), 0)],
        [
            Operation.Delete(KeyRange.Single(keys.Fence(slot))),
            Operation.Delete(KeyRange.Single(keys.Outcome(slot))),
        ]);

    private static UnitState Target(SpecView spec) => spec.Spec.DesiredState;

    private static Comparison Same(string key, long modRevision) =>
        Comparison.OfModRevision(KeyRange.Single(key), ComparisonOperator.Equal, new(modRevision));

    private static PutOperation Put(string key, byte[] value) => Operation.Put(Encoding.UTF8.GetBytes(key), value);
}
