using System.Text;

namespace Coord.Kv;

/// <summary>Says which keys an operation is about: one key, a prefix, an interval, or all. Immutable.</summary>
/// <remarks>
/// The two fields have etcd's meaning. Keys are compared bytewise, as unsigned. <see cref="RangeEnd"/> is
/// <list type="bullet">
/// <item>empty: the single key <see cref="Key"/>;</item>
/// <item>one zero byte: all keys from <see cref="Key"/> on;</item>
/// <item>
/// anything else: the keys from <see cref="Key"/> to before <see cref="RangeEnd"/>. None if it is not above.
/// </item>
/// </list>
/// The default value has an empty key, which no operation accepts.
/// </remarks>
public readonly struct KeyRange : IEquatable<KeyRange>
{
    private static readonly byte[] ZeroByte = [0];

    /// <summary>Creates a range from etcd's two fields.</summary>
    /// <param name="key">The single key, or the first key.</param>
    /// <param name="rangeEnd">Empty, one zero byte, or the first key that is no more in the range.</param>
    public KeyRange(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd = default)
    {
        Key = key;
        RangeEnd = rangeEnd;
    }

    /// <summary>Gets the range of all keys.</summary>
    public static KeyRange All => new(ZeroByte, ZeroByte);

    /// <summary>Gets the single key, or the first key.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>Gets the end, exclusive; its special values are in the remarks of the type.</summary>
    public ReadOnlyMemory<byte> RangeEnd { get; }

    /// <summary>Gets a value indicating whether this is a single key.</summary>
    public bool IsSingleKey => RangeEnd.IsEmpty;

    /// <summary>Gets a value indicating whether this goes on to the last key.</summary>
    public bool IsOpenEnded => RangeEnd.Length == 1 && RangeEnd.Span[0] == 0;

    /// <summary>Gets a value indicating whether no key can be in it.</summary>
    public bool IsEmpty => !IsSingleKey && !IsOpenEnded && RangeEnd.Span.SequenceCompareTo(Key.Span) <= 0;

    /// <summary>Returns the range of one key.</summary>
    /// <param name="key">The key, in UTF-8 on the wire.</param>
    public static KeyRange Single(string key) => new(Encoding.UTF8.GetBytes(key));

    /// <summary>Returns the range of one key.</summary>
    /// <param name="key">The key.</param>
    public static KeyRange Single(ReadOnlyMemory<byte> key) => new(key);

    /// <summary>Returns the range of all keys that start with a prefix; all keys if it is empty.</summary>
    /// <param name="prefix">The prefix, in UTF-8 on the wire.</param>
    public static KeyRange Prefix(string prefix) => Prefix(Encoding.UTF8.GetBytes(prefix));

    /// <inheritdoc cref="Prefix(string)"/>
    public static KeyRange Prefix(ReadOnlyMemory<byte> prefix)
    {
        if (prefix.IsEmpty)
            return All;

        // The first key after the prefix: drop what cannot be raised, then raise the last byte. If nothing is left,
        // the prefix is all 0xff, and every key from it on starts with it.
        ReadOnlySpan<byte> raisable = prefix.Span.TrimEnd((byte)0xff);
        if (raisable.IsEmpty)
            return new(prefix, ZeroByte);

        byte[] end = raisable.ToArray();
        end[^1]++;
        return new(prefix, end);
    }

    /// <summary>Returns the range of all keys from a key on.</summary>
    /// <param name="key">The first key.</param>
    public static KeyRange From(ReadOnlyMemory<byte> key) => new(key, ZeroByte);

    /// <summary>Returns the range of all keys from a key on.</summary>
    /// <param name="key">The first key, in UTF-8 on the wire.</param>
    public static KeyRange From(string key) => From(Encoding.UTF8.GetBytes(key));

    /// <summary>Returns the range from a key to before another.</summary>
    /// <param name="key">The first key, in UTF-8 on the wire.</param>
    /// <param name="end">The first key that is no more in it, in UTF-8 on the wire; not empty.</param>
    /// <exception cref="ArgumentException"><paramref name="end"/> is empty: that would mean a single key.</exception>
    public static KeyRange Between(string key, string end)
    {
        ArgumentException.ThrowIfNullOrEmpty(end);
        return new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(end));
    }

    /// <summary>Compares two ranges by their bytes.</summary>
    /// <param name="left">The first range.</param>
    /// <param name="right">The second range.</param>
    public static bool operator ==(KeyRange left, KeyRange right) => left.Equals(right);

    /// <inheritdoc cref="op_Equality"/>
    public static bool operator !=(KeyRange left, KeyRange right) => !left.Equals(right);

    /// <summary>Tells whether a key is in the range.</summary>
    /// <param name="key">The key.</param>
    public bool Contains(ReadOnlySpan<byte> key) =>
        IsSingleKey ? key.SequenceEqual(Key.Span) : key.SequenceCompareTo(Key.Span) >= 0 && IsBeforeEnd(key);

    /// <inheritdoc/>
    public bool Equals(KeyRange other) =>
        Key.Span.SequenceEqual(other.Key.Span) && RangeEnd.Span.SequenceEqual(other.RangeEnd.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KeyRange other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Key.Span);
        hash.AddBytes(RangeEnd.Span);
        return hash.ToHashCode();
    }

    /// <summary>Returns a form for people, such as <c>[a, b)</c>.</summary>
    public override string ToString() =>
        IsSingleKey ? KeyText.Of(Key.Span)
        : IsOpenEnded ? $"[{KeyText.Of(Key.Span)}, ...)"
        : $"[{KeyText.Of(Key.Span)}, {KeyText.Of(RangeEnd.Span)})";

    /// <summary>Tells whether a key, known to be at or after the first, is before the end.</summary>
    internal bool IsBeforeEnd(ReadOnlySpan<byte> key) =>
        IsSingleKey ? key.SequenceEqual(Key.Span) : IsOpenEnded || key.SequenceCompareTo(RangeEnd.Span) < 0;
}
