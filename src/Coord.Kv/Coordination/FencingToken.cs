namespace Coord.Kv.Coordination;

/// <summary>
/// A number that grows with every holder of the same thing. Give it to whatever the holder changes, and let that
/// refuse smaller numbers than it has seen.
/// </summary>
/// <remarks>
/// A lease alone is no mutual exclusion: a holder that was paused for long enough goes on after another has taken
/// over. Within the store <see cref="CoordinationHandle.Held"/> is the check; outside of it this number is.
/// </remarks>
/// <param name="Value">The number: the revision that made the holder's key.</param>
public readonly record struct FencingToken(long Value) : IComparable<FencingToken>
{
    /// <summary>Compares two tokens.</summary>
    /// <param name="left">The first token.</param>
    /// <param name="right">The second token.</param>
    public static bool operator <(FencingToken left, FencingToken right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(FencingToken left, FencingToken right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(FencingToken left, FencingToken right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(FencingToken left, FencingToken right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(FencingToken other) => Value.CompareTo(other.Value);

    /// <summary>Returns the short form that logs use, such as <c>f7</c>.</summary>
    public override string ToString() => $"f{Value}";
}
