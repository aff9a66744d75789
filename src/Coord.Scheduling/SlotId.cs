namespace Coord.Scheduling;

/// <summary>
/// One place of a unit: the only one of a singleton, one of its replicas or shards. At most one runner at a time is
/// valid for it.
/// </summary>
/// <param name="Unit">Which unit.</param>
/// <param name="Number">Which place, from zero.</param>
public readonly record struct SlotId(UnitName Unit, int Number) : IComparable<SlotId>
{
    /// <inheritdoc/>
    public int CompareTo(SlotId other)
    {
        int byUnit = Unit.CompareTo(other.Unit);
        return byUnit != 0 ? byUnit : Number.CompareTo(other.Number);
    }

    /// <summary>Compares two places, by unit and then by number.</summary>
    /// <param name="left">The first place.</param>
    /// <param name="right">The second place.</param>
    public static bool operator <(SlotId left, SlotId right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(SlotId left, SlotId right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(SlotId left, SlotId right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(SlotId left, SlotId right) => left.CompareTo(right) >= 0;

    /// <summary>Returns the form that logs use, such as <c>web.service/2</c>.</summary>
    public override string ToString() => $"{Unit}/{Number}";
}
