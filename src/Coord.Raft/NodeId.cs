namespace Coord.Raft;

/// <summary>
/// Identifies a member of a cluster, for ever: an id is never given to another machine or to a wiped disk.
/// </summary>
/// <param name="Value">The id; zero is <see cref="None"/>, no node.</param>
public readonly record struct NodeId(ulong Value) : IComparable<NodeId>
{
    /// <summary>Gets the id that names nobody.</summary>
    public static NodeId None => default;

    /// <summary>Gets a value indicating whether this names nobody.</summary>
    public bool IsNone => Value == 0;

    /// <summary>Orders ids by value, the order in which everything here walks over members.</summary>
    /// <param name="left">The first id.</param>
    /// <param name="right">The second id.</param>
    public static bool operator <(NodeId left, NodeId right) => left.Value < right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(NodeId left, NodeId right) => left.Value > right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(NodeId left, NodeId right) => left.Value <= right.Value;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(NodeId left, NodeId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <summary>Returns the short form that logs and transcripts use, such as <c>n2</c>.</summary>
    public override string ToString() => $"n{Value:x}";
}
