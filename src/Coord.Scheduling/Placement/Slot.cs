namespace Coord.Scheduling.Placement;

/// <summary>A slot while a plan is made.</summary>
internal struct Slot
{
    /// <summary>The slot is on no node.</summary>
    public const int Nowhere = -1;

    public int Unit;
    public int Number;

    /// <summary>Where it is by now, in the plan; <see cref="Nowhere"/> until it is placed.</summary>
    public int Node;

    /// <summary>Where it was before the plan; <see cref="Nowhere"/> if it is new or its node is lost.</summary>
    public int From;

    /// <summary>The name of the node that is lost; none if none is.</summary>
    public NodeName Lost;

    /// <summary>The only node it is for: global units; <see cref="Nowhere"/> for all others.</summary>
    public int Target;

    /// <summary>In which round it was tried last.</summary>
    public int Tried;

    /// <summary>Its node is lost, and it waits all the same.</summary>
    public bool IsHeld;

    /// <summary>It is on a node that wants to leave, and no other may run it.</summary>
    public bool IsStuck;

    public PlacementReason Reason;

    public readonly bool HasHome => From != Nowhere || !Lost.IsNone;
}
