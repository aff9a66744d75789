using System.Diagnostics.CodeAnalysis;

namespace Coord.Scheduling;

/// <summary>Names a node that runs units. Compared by ordinals; where nodes tie, the lowest wins.</summary>
/// <remarks>
/// 1 to 128 characters of <c>A-Z a-z 0-9 : _ . -</c>. fleet's machine ids are such names. A node need not be a member
/// of the store's cluster.
/// </remarks>
public readonly record struct NodeName : IComparable<NodeName>
{
    /// <summary>How long a name can be, in characters.</summary>
    public const int MaxLength = 128;

    private readonly string? _value;

    /// <summary>Initializes a name.</summary>
    /// <param name="value">The name.</param>
    /// <exception cref="ArgumentException">It is empty, too long, or has a character that no name has.</exception>
    public NodeName(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!IsValid(value))
            throw new ArgumentException(
                $"A node's name has 1 to {MaxLength} characters of A-Z a-z 0-9 : _ . and -.", nameof(value));
        _value = value;
    }

    /// <summary>Gets the name; empty for the default value, which names nothing.</summary>
    public string Value => _value ?? "";

    /// <summary>Gets a value indicating whether this names no node.</summary>
    public bool IsNone => _value is null;

    /// <summary>Says whether a text can be a node's name.</summary>
    /// <param name="value">The text.</param>
    public static bool IsValid([NotNullWhen(true)] string? value)
    {
        if (value is not { Length: > 0 and <= MaxLength })
            return false;
        foreach (char c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not (':' or '_' or '.' or '-'))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(NodeName other) => string.CompareOrdinal(Value, other.Value);

    /// <summary>Compares two names by ordinals.</summary>
    /// <param name="left">The first name.</param>
    /// <param name="right">The second name.</param>
    public static bool operator <(NodeName left, NodeName right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(NodeName left, NodeName right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(NodeName left, NodeName right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(NodeName left, NodeName right) => left.CompareTo(right) >= 0;

    /// <summary>Returns the name.</summary>
    public override string ToString() => Value;
}
