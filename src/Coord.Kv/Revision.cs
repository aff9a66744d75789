namespace Coord.Kv;

/// <summary>
/// The state of the whole store after one transaction. Each transaction that changes something adds one.
/// </summary>
/// <param name="Value">
/// The number; the empty store has 1, and zero means "none" or "the newest", as the place says.
/// </param>
public readonly record struct Revision(long Value) : IComparable<Revision>
{
    /// <summary>Gets the value that names no revision.</summary>
    public static Revision Zero => default;

    /// <summary>Gets the revision of the empty store.</summary>
    public static Revision First => new(1);

    /// <summary>Gets a value indicating whether this names no revision.</summary>
    public bool IsZero => Value == 0;

    /// <summary>Gets the revision after this one: where to go on after having seen this one.</summary>
    public Revision Next => new(Value + 1);

    /// <summary>Compares two revisions.</summary>
    /// <param name="left">The first revision.</param>
    /// <param name="right">The second revision.</param>
    public static bool operator <(Revision left, Revision right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(Revision left, Revision right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(Revision left, Revision right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(Revision left, Revision right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    /// <summary>Returns the short form that logs and transcripts use, such as <c>r7</c>.</summary>
    public override string ToString() => $"r{Value}";
}
