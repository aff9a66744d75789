namespace Coord.Raft;

/// <summary>A period with at most one leader (Raft §5.1). It never goes back.</summary>
/// <param name="Value">The number; zero before the first election.</param>
public readonly record struct Term(long Value) : IComparable<Term>
{
    /// <summary>Gets the value before the first one.</summary>
    public static Term Zero => default;

    /// <summary>Gets a value indicating whether this is <see cref="Zero"/>.</summary>
    public bool IsZero => Value == 0;

    /// <summary>Gets the value after this one.</summary>
    public Term Next => new(Value + 1);

    /// <summary>Moves by a number of steps.</summary>
    /// <param name="left">Where to start.</param>
    /// <param name="steps">How far to go.</param>
    public static Term operator +(Term left, long steps) => new(left.Value + steps);

    /// <inheritdoc cref="op_Addition"/>
    public static Term operator -(Term left, long steps) => new(left.Value - steps);

    /// <summary>Returns the distance between two values.</summary>
    /// <param name="left">The end.</param>
    /// <param name="right">The start.</param>
    public static long operator -(Term left, Term right) => left.Value - right.Value;

    /// <summary>Compares two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    /// <summary>Returns the larger of two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static Term Max(Term left, Term right) => left > right ? left : right;

    /// <summary>Returns the smaller of two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static Term Min(Term left, Term right) => left < right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <summary>Returns the short form that logs and transcripts use, such as <c>t7</c>.</summary>
    public override string ToString() => $"t{Value}";
}
