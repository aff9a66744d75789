namespace Coord.Kv.Tests;

/// <summary>
/// The dumb twin for transactions and leases: a list of all versions ever made, gone through for every question.
/// </summary>
internal sealed class TransactionTwin
{
    private readonly List<KeyValue> _all = [];
    private readonly HashSet<long> _leases = [];

    public long Revision { get; private set; } = 1;

    public long Compacted { get; private set; }

    public long Leases => _leases.Count;

    /// <summary>Returns what a watch from a revision on sees, as text.</summary>
    public IEnumerable<string> History(long from) =>
        _all.Where(kv => kv.ModRevision.Value >= from).Select(Describe);

    public static string Describe(KeyValue kv) =>
        $"{kv.KeyString}={kv.ValueString} {kv.CreateRevision} {kv.ModRevision} v{kv.Version} l{kv.Lease.Value}";

    public static string Describe(TransactionResult result) =>
        $"{result.Revision} {result.Succeeded} [{string.Join("; ", result.Results.Select(Describe))}]";

    public void Compact(long revision) => Compacted = revision;

    public bool Grant(long lease) => _leases.Add(lease);

    public bool Revoke(long lease)
    {
        if (!_leases.Remove(lease))
            return false;

        long revision = Revision + 1;
        foreach (KeyValue kv in At(KeyRange.All, Revision).Where(kv => kv.Lease.Value == lease))
            Delete(kv, revision);
        Revision = _all.Count > 0 ? _all[^1].ModRevision.Value : 1;
        return true;
    }

    /// <summary>Does a transaction; what it answers, or the name of what it throws.</summary>
    public string Commit(Transaction transaction)
    {
        List<Operation> taken = [];
        Dictionary<Transaction, bool> decisions = new(ReferenceEqualityComparer.Instance);
        Decide(transaction, decisions, taken);
        foreach (PutOperation put in taken.OfType<PutOperation>())
        {
            bool keeps = put.Options is { KeepValue: true } or { KeepLease: true };
            if (keeps && At(KeyRange.Single(put.Key), Revision).Count == 0)
                return nameof(KeyMissingException);
            if (put.Options is { Lease.IsNone: false } options && !_leases.Contains(options.Lease.Value))
                return nameof(LeaseNotFoundException);
        }

        foreach (GetOperation get in taken.OfType<GetOperation>())
        {
            long revision = get.Options?.Revision.Value ?? 0;
            if (revision > Revision)
                return nameof(FutureRevisionException);
            if (revision > 0 && revision < Compacted)
                return nameof(CompactedException);
        }

        TransactionResult result = Run(transaction, decisions, Revision + 1);
        Revision = _all.Count > 0 ? _all[^1].ModRevision.Value : 1;
        return Describe(result with { Revision = new(Revision) });
    }

    private static string Describe(OperationResult result) => result switch
    {
        { Put: { } put } => $"put {put.Revision} {(put.Previous is null ? "" : Describe(put.Previous))}",
        { Get: { } get } =>
            $"get {get.Revision} {get.Count} {get.More} {string.Join(",", get.KeyValues.Select(Describe))}",
        { Delete: { } delete } =>
            $"delete {delete.Revision} {delete.Deleted} {string.Join(",", delete.Previous.Select(Describe))}",
        _ => $"nested {Describe(result.Nested!)}",
    };

    private void Decide(Transaction transaction, Dictionary<Transaction, bool> decisions, List<Operation> taken)
    {
        bool holds = transaction.Conditions.All(Holds);
        decisions[transaction] = holds;
        foreach (Operation operation in holds ? transaction.Success : transaction.Failure)
        {
            taken.Add(operation);
            if (operation is NestedOperation nested)
                Decide(nested.Transaction, decisions, taken);
        }
    }

    private bool Holds(Comparison condition)
    {
        List<KeyValue> found = At(condition.Range, Revision);
        if (found.Count == 0 && condition.Target is ComparisonTarget.Value)
            return false;
        if (found.Count == 0)
            found = [new(default, default, default, default, 0)];
        return found.TrueForAll(kv => condition.Operator switch
        {
            ComparisonOperator.Equal => Order(kv, condition) == 0,
            ComparisonOperator.NotEqual => Order(kv, condition) != 0,
            ComparisonOperator.Greater => Order(kv, condition) > 0,
            _ => Order(kv, condition) < 0,
        });
    }

    private static int Order(KeyValue kv, Comparison condition) => condition.Target switch
    {
        ComparisonTarget.Version => kv.Version.CompareTo(condition.Number),
        ComparisonTarget.CreateRevision => kv.CreateRevision.Value.CompareTo(condition.Number),
        ComparisonTarget.ModRevision => kv.ModRevision.Value.CompareTo(condition.Number),
        ComparisonTarget.Lease => kv.Lease.Value.CompareTo(condition.Number),
        _ => kv.Value.Span.SequenceCompareTo(condition.Value.Span),
    };

    private TransactionResult Run(Transaction transaction, Dictionary<Transaction, bool> decisions, long revision)
    {
        List<OperationResult> results = [];
        bool holds = decisions[transaction];
        foreach (Operation operation in holds ? transaction.Success : transaction.Failure)
        {
            if (operation is NestedOperation nested)
            {
                // It is told at the revision that is open when it begins.
                Revision before = Now(revision);
                TransactionResult inner = Run(nested.Transaction, decisions, revision);
                results.Add(new(Nested: inner with { Revision = before }));
                continue;
            }

            results.Add(operation switch
            {
                PutOperation put => new(Put: Put(put, revision)),
                DeleteOperation delete => new(Delete: Delete(delete, revision)),
                _ => new(Get: Get((GetOperation)operation, revision)),
            });
        }

        return new(Now(revision), holds, results);
    }

    /// <summary>The revision that a read in the open transaction sees.</summary>
    private Revision Now(long revision) =>
        new(_all.Count > 0 && _all[^1].ModRevision.Value == revision ? revision : Revision);

    private PutResult Put(PutOperation put, long revision)
    {
        PutOptions options = put.Options ?? new();
        KeyValue? old = At(KeyRange.Single(put.Key), revision).FirstOrDefault();
        _all.Add(new(
            put.Key,
            options.KeepValue ? old!.Value : put.Value,
            old?.CreateRevision ?? new(revision),
            new(revision),
            (old?.Version ?? 0) + 1,
            options.KeepLease ? old!.Lease : options.Lease));
        return new(new(revision), options.ReturnPrevious ? old : null);
    }

    private DeleteResult Delete(DeleteOperation delete, long revision)
    {
        List<KeyValue> found = At(delete.Range, revision);
        foreach (KeyValue kv in found)
            Delete(kv, revision);
        return new(Now(revision), found.Count, delete.Options is { ReturnPrevious: true } ? found : []);
    }

    private void Delete(KeyValue kv, long revision) =>
        _all.Add(new(kv.Key, default, default, new(revision), 0));

    private GetResult Get(GetOperation get, long revision)
    {
        GetOptions options = get.Options ?? new();
        List<KeyValue> found = At(get.Range, options.Revision.IsZero ? revision : options.Revision.Value);
        IEnumerable<KeyValue> passed = found.Where(kv =>
            IsBetween(kv.ModRevision, options.MinModRevision, options.MaxModRevision)
            && IsBetween(kv.CreateRevision, options.MinCreateRevision, options.MaxCreateRevision));
        Comparer<KeyValue> order = Comparer<KeyValue>.Create((a, b) => options.SortBy switch
        {
            SortTarget.Version => a.Version.CompareTo(b.Version),
            SortTarget.CreateRevision => a.CreateRevision.CompareTo(b.CreateRevision),
            SortTarget.ModRevision => a.ModRevision.CompareTo(b.ModRevision),
            SortTarget.Value => a.Value.Span.SequenceCompareTo(b.Value.Span),
            _ => a.Key.Span.SequenceCompareTo(b.Key.Span),
        });
        List<KeyValue> sorted = options.CountOnly ? []
            : options.SortOrder is SortOrder.Descending ? [.. passed.OrderDescending(order)] : [.. passed.Order(order)];
        bool more = options.Limit > 0 && sorted.Count > options.Limit;
        IEnumerable<KeyValue> cut = more ? sorted.Take((int)options.Limit) : sorted;
        if (options.KeysOnly)
            cut = cut.Select(WithoutValue);
        return new(Now(revision), [.. cut], found.Count, more);
    }

    private static KeyValue WithoutValue(KeyValue kv) =>
        new(kv.Key, default, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);

    private static bool IsBetween(Revision revision, Revision min, Revision max) =>
        (min.IsZero || revision >= min) && (max.IsZero || revision <= max);

    private List<KeyValue> At(KeyRange range, long revision) =>
        [.. _all.Where(kv => kv.ModRevision.Value <= revision && range.Contains(kv.Key.Span))
            .GroupBy(kv => kv.KeyString)
            .Select(group => group.Last())
            .Where(kv => kv.Version > 0)
            .OrderBy(kv => kv.KeyString, StringComparer.Ordinal)];
}
