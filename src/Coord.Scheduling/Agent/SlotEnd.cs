namespace Coord.Scheduling.Agent;

/// <summary>How a slot is to end. Each is more urgent than those before it.</summary>
internal enum SlotEnd
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>In its own time; then the planner is told, which waits for that before another node runs it.</summary>
    Confirm,

    /// <summary>In its own time; nobody waits for it, as somebody has deleted the assignment.</summary>
    Silent,

    /// <summary>Within the fence's grace: the node is out of touch, and another one may run it soon.</summary>
    Fence,
}
