namespace Coord.Scheduling.Placement;

/// <summary>What shall change for a snapshot. Immutable; the same snapshot and options give the same plan.</summary>
public sealed class PlacementPlan
{
    internal PlacementPlan(PlacementSnapshot snapshot, PlacementOutcome outcome)
    {
        Revision = snapshot.Revision;
        Changes = outcome.Changes;
        Unplaced = outcome.Unplaced;
        Held = outcome.Held;
        Decisions = outcome.Decisions;
        Before = outcome.Before;
        After = outcome.After;
    }

    /// <summary>Gets the revision of the snapshot.</summary>
    public long Revision { get; }

    /// <summary>Gets what changes, in the order of slots.</summary>
    public IReadOnlyList<PlacementChange> Changes { get; }

    /// <summary>Gets the slots for which there is no node, in the order of slots.</summary>
    public IReadOnlyList<UnplacedSlot> Unplaced { get; }

    /// <summary>
    /// Gets the slots whose node is gone and that wait all the same, because of <see
    /// cref="PlannerOptions.HoldLostNodes"/>.
    /// </summary>
    public IReadOnlyList<SlotId> Held { get; }

    /// <summary>Gets the first decisions of the plan, at most <see cref="PlannerOptions.MaxDecisions"/>.</summary>
    public IReadOnlyList<PlacementDecision> Decisions { get; }

    /// <summary>Gets how busy the nodes are with what stays where it is.</summary>
    public ClusterLoad Before { get; }

    /// <summary>Gets how busy the nodes are once the plan is carried out.</summary>
    public ClusterLoad After { get; }

    /// <summary>Gets a value indicating whether nothing changes.</summary>
    public bool IsEmpty => Changes.Count == 0;

    /// <summary>Computes a number that equal plans share, to compare plans that were made apart.</summary>
    public ulong ComputeFingerprint()
    {
        ulong hash = 14695981039346656037; // FNV-1a
        foreach (PlacementChange change in Changes)
        {
            hash = Add(hash, change.Slot.Unit.Value, change.Slot.Number);
            hash = Add(hash, change.From.Value, 0);
            hash = Add(hash, change.To.Value, (int)change.Reason);
        }

        foreach (UnplacedSlot slot in Unplaced)
        {
            hash = Add(hash, slot.Slot.Unit.Value, slot.Slot.Number);
            hash = Add(hash, slot.StaysOn.Value, 0);
            hash = Add(hash, slot.Verdict, 0);
        }

        return hash;
    }

    private static ulong Add(ulong hash, string text, int number)
    {
        const ulong prime = 1099511628211;
        foreach (char c in text)
            hash = (hash ^ c) * prime;
        return (((hash ^ (uint)text.Length) * prime) ^ (uint)number) * prime;
    }
}
