namespace Coord.Scheduling.Placement;

/// <summary>What a plan does with one slot. Slots that stay where they are have none.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="From">Where it is; none if it is nowhere.</param>
/// <param name="To">Where it shall be; none if it shall stop, or must leave and has no other place.</param>
/// <param name="Reason">Why.</param>
public readonly record struct PlacementChange(SlotId Slot, NodeName From, NodeName To, PlacementReason Reason)
{
    /// <summary>Returns the form that logs use, such as <c>web.service/2: n1 to n2 (NodeLost)</c>.</summary>
    public override string ToString()
    {
        string from = From.IsNone ? "nowhere" : From.Value;
        string to = To.IsNone ? "nowhere" : To.Value;
        return $"{Slot}: {from} to {to} ({Reason})";
    }
}
