namespace Coord.Raft;

/// <summary>The place of an entry in the replicated log (Raft §5.3). The first entry has index 1.</summary>
/// <param name="Value">The number; zero is before the first entry.</param>
public readonly record struct LogIndex(long Value) : IComparable<LogIndex>
{
    /// <summary>Gets the value before the first one.</summary>
    public static LogIndex Zero => default;

    /// <summary>Gets a value indicating whether this is <see cref="Zero"/>.</summary>
    public bool IsZero => Value == 0;

    /// <summary>Gets the value after this one.</summary>
    public LogIndex Next => new(Value + 1);

    /// <summary>Moves by a number of steps.</summary>
    /// <param name="left">Where to start.</param>
    /// <param name="steps">How far to go.</param>
    public static LogIndex operator +(LogIndex left, long steps) => new(left.Value + steps);

    /// <inheritdoc cref="op_Addition"/>
    public static LogIndex operator -(LogIndex left, long steps) => new(left.Value - steps);

    /// <summary>Returns the distance between two values.</summary>
    /// <param name="left">The end.</param>
    /// <param name="right">The start.</param>
    public static long operator -(LogIndex left, LogIndex right) => left.Value - right.Value;

    /// <summary>Compares two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;

    /// <summary>Returns the larger of two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static LogIndex Max(LogIndex left, LogIndex right) => left > right ? left : right;

    /// <summary>Returns the smaller of two values.</summary>
    /// <param name="left">The first value.</param>
    /// <param name="right">The second value.</param>
    public static LogIndex Min(LogIndex left, LogIndex right) => left < right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    /// <summary>Returns the short form that logs and transcripts use, such as <c>41</c>.</summary>
    public override string ToString() => $"{Value}";
}
