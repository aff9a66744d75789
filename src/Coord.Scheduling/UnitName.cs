using System.Diagnostics.CodeAnalysis;

namespace Coord.Scheduling;

/// <summary>Names a unit in the whole cluster, such as <c>web@1.service</c>. Compared by ordinals.</summary>
/// <remarks>
/// 1 to 256 characters of <c>A-Z a-z 0-9 : _ . @ \ -</c>, as systemd and fleet have it. Which suffixes are known
/// concerns unit files only: a unit from code may do without.
/// </remarks>
public readonly record struct UnitName : IComparable<UnitName>
{
    /// <summary>How long a name can be, in characters.</summary>
    public const int MaxLength = 256;

    private readonly string? _value;

    /// <summary>Initializes a name.</summary>
    /// <param name="value">The name.</param>
    /// <exception cref="ArgumentException">It is empty, too long, or has a character that no name has.</exception>
    public UnitName(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!IsValid(value))
            throw new ArgumentException(
                $"A unit's name has 1 to {MaxLength} characters of A-Z a-z 0-9 : _ . @ \\ and -.", nameof(value));
        _value = value;
    }

    /// <summary>Gets the name; empty for the default value, which names nothing.</summary>
    public string Value => _value ?? "";

    /// <summary>Says whether a text can be a unit's name.</summary>
    /// <param name="value">The text.</param>
    public static bool IsValid([NotNullWhen(true)] string? value)
    {
        if (value is not { Length: > 0 and <= MaxLength })
            return false;
        foreach (char c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not (':' or '_' or '.' or '@' or '\\' or '-'))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(UnitName other) => string.CompareOrdinal(Value, other.Value);

    /// <summary>Compares two names by ordinals.</summary>
    /// <param name="left">The first name.</param>
    /// <param name="right">The second name.</param>
    public static bool operator <(UnitName left, UnitName right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >(UnitName left, UnitName right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator <=(UnitName left, UnitName right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="op_LessThan"/>
    public static bool operator >=(UnitName left, UnitName right) => left.CompareTo(right) >= 0;

    /// <summary>Returns the name.</summary>
    public override string ToString() => Value;
}
