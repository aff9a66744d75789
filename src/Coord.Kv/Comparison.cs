namespace Coord.Kv;

/// <summary>
/// A condition of a transaction: all keys of a range satisfy it. Immutable. An empty range satisfies what a missing
/// key does.
/// </summary>
/// <param name="Range">Which keys.</param>
/// <param name="Target">What of them is compared.</param>
/// <param name="Operator">How.</param>
/// <param name="Number">With what; not used for a value.</param>
/// <param name="Value">With which value; used for <see cref="ComparisonTarget.Value"/> alone.</param>
public sealed record Comparison(
    KeyRange Range, ComparisonTarget Target, ComparisonOperator Operator, long Number, ReadOnlyMemory<byte> Value)
{
    /// <summary>A condition on how often a key was put.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="comparison">How the stored number is compared.</param>
    /// <param name="version">With what.</param>
    public static Comparison OfVersion(KeyRange range, ComparisonOperator comparison, long version) =>
        new(range, ComparisonTarget.Version, comparison, version, default);

    /// <summary>A condition on when a key was created.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="comparison">How the stored revision is compared.</param>
    /// <param name="revision">With what.</param>
    public static Comparison OfCreateRevision(KeyRange range, ComparisonOperator comparison, Revision revision) =>
        new(range, ComparisonTarget.CreateRevision, comparison, revision.Value, default);

    /// <summary>A condition on when a key was changed last.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="comparison">How the stored revision is compared.</param>
    /// <param name="revision">With what.</param>
    public static Comparison OfModRevision(KeyRange range, ComparisonOperator comparison, Revision revision) =>
        new(range, ComparisonTarget.ModRevision, comparison, revision.Value, default);

    /// <summary>A condition on a value; always false for a key that does not exist.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="comparison">How the stored bytes are compared.</param>
    /// <param name="value">With what.</param>
    public static Comparison OfValue(KeyRange range, ComparisonOperator comparison, ReadOnlyMemory<byte> value) =>
        new(range, ComparisonTarget.Value, comparison, 0, value);

    /// <summary>A condition on the lease of a key.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="comparison">How the stored lease is compared.</param>
    /// <param name="lease">With what; none for a key without a lease.</param>
    public static Comparison OfLease(KeyRange range, ComparisonOperator comparison, LeaseId lease) =>
        new(range, ComparisonTarget.Lease, comparison, lease.Value, default);

    /// <summary>The key does not exist.</summary>
    /// <param name="key">Which key.</param>
    public static Comparison Missing(KeyRange key) => OfVersion(key, ComparisonOperator.Equal, 0);

    /// <summary>The key exists.</summary>
    /// <param name="key">Which key.</param>
    public static Comparison Exists(KeyRange key) => OfVersion(key, ComparisonOperator.Greater, 0);
}
