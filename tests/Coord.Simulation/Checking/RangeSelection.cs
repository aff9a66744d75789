using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Filters, sorts and cuts the keys of a range as the options of a read say.</summary>
internal static class RangeSelection
{
    /// <summary>Answers a read from all keys of its range, in ascending order.</summary>
    public static GetResult Select(List<KeyValue> found, GetOptions options, Revision revision)
    {
        if (options.CountOnly)
            return new(revision, [], found.Count, false);

        List<KeyValue> passed = [.. found.Where(kv => Passes(kv, options))];
        if (options.SortBy is not SortTarget.Key || options.SortOrder is SortOrder.Descending)
            passed = Sort(passed, options);
        bool more = options.Limit > 0 && passed.Count > options.Limit;
        IEnumerable<KeyValue> cut = more ? passed.Take((int)options.Limit) : passed;
        if (options.KeysOnly)
            cut = cut.Select(kv => new KeyValue(
                kv.Key, default, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease));
        return new(revision, [.. cut], found.Count, more);
    }

    private static bool Passes(KeyValue kv, GetOptions options) =>
        IsBetween(kv.ModRevision, options.MinModRevision, options.MaxModRevision)
        && IsBetween(kv.CreateRevision, options.MinCreateRevision, options.MaxCreateRevision);

    private static bool IsBetween(Revision revision, Revision min, Revision max) =>
        (min.IsZero || revision >= min) && (max.IsZero || revision <= max);

    private static List<KeyValue> Sort(List<KeyValue> keys, GetOptions options)
    {
        Comparer<KeyValue> order = Comparer<KeyValue>.Create((a, b) => options.SortBy switch
        {
            SortTarget.Version => a.Version.CompareTo(b.Version),
            SortTarget.CreateRevision => a.CreateRevision.CompareTo(b.CreateRevision),
            SortTarget.ModRevision => a.ModRevision.CompareTo(b.ModRevision),
            SortTarget.Value => a.Value.Span.SequenceCompareTo(b.Value.Span),
            _ => a.Key.Span.SequenceCompareTo(b.Key.Span),
        });
        return options.SortOrder is SortOrder.Descending
            ? [.. keys.OrderDescending(order)]
            : [.. keys.Order(order)];
    }
}
