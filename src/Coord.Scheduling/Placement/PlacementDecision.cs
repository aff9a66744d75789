namespace Coord.Scheduling.Placement;

/// <summary>Why a slot is where it is. Immutable.</summary>
/// <remarks>
/// It says from which snapshot it was made: the same options and that snapshot give the same decision again.
/// </remarks>
/// <param name="Revision">The revision of the snapshot.</param>
/// <param name="Slot">The slot.</param>
/// <param name="From">Where it was; none if it was nowhere.</param>
/// <param name="To">Where it is now; none if no node may run it.</param>
/// <param name="Reason">Why something was decided.</param>
/// <param name="HasStayed">Whether it stayed where it was, which needs no choice: the rest tells how it
/// compares.</param>
/// <param name="Strategy">The name of the strategy.</param>
/// <param name="Nodes">How many nodes there were.</param>
/// <param name="Removed">What each filter removed, in the order in which they are asked.</param>
/// <param name="Best">The best nodes that no filter removed, at most five, the best first.</param>
/// <param name="With">The slots that had to be placed on the same node at once.</param>
public sealed record PlacementDecision(
    long Revision,
    SlotId Slot,
    NodeName From,
    NodeName To,
    PlacementReason Reason,
    bool HasStayed,
    string Strategy,
    int Nodes,
    IReadOnlyList<RemovedNodes> Removed,
    IReadOnlyList<ScoredNode> Best,
    IReadOnlyList<SlotId> With)
{
    /// <summary>Gets the node that would have been taken without the one that was; null if there is none.</summary>
    public ScoredNode? RunnerUp => Best.FirstOrDefault(node => node.Node != To);

    /// <summary>Returns one sentence for people.</summary>
    public override string ToString()
    {
        string removed = string.Join(", ", Removed.Select(filter => $"{filter.Filter} {filter.Count}"));
        string removedBy = removed.Length == 0 ? "no filter removed any" : $"removed by filters: {removed}";
        if (To.IsNone)
            return $"{Slot} has no node: of {Nodes} nodes {removedBy}.";
        string verb = HasStayed ? "stays" : "goes to";
        string runnerUp = RunnerUp is { } second ? $"; runner-up is {second}" : "";
        string winner = Best.FirstOrDefault(node => node.Node == To) is { } first ? first.ToString() : To.Value;
        return $"{Slot} {verb} {winner}{runnerUp}; of {Nodes} nodes {removedBy}.";
    }
}
