using System.Text;

namespace Coord.Kv.Tests.Coordination;

/// <summary>
/// The dumbest store with revisions, transactions and leases: a dictionary, and a list of all changes. Not thread-safe.
/// </summary>
internal sealed class MemoryState
{
    private readonly SortedDictionary<string, KeyValue> _keys = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, TimeSpan> _leases = [];
    private readonly List<WatchEvent> _history = [];
    private long _lastLease = 0x5000;
    private long _revision = 1;
    private long _compacted;

    public IReadOnlyCollection<KeyValue> Keys => _keys.Values;

    public Revision Revision => new(_revision);

    public TransactionResult Commit(Transaction transaction)
    {
        Check(transaction);
        long next = _revision + 1;
        bool hasChanged = false;
        (bool succeeded, List<OperationResult> results) = Run(transaction, next, ref hasChanged);
        if (hasChanged)
            _revision = next;
        return new(new(_revision), succeeded, results);
    }

    public GetResult Get(KeyRange range, GetOptions? options, long? shown = null)
    {
        options ??= new();
        List<KeyValue> all = [.. _keys.Values.Where(keyValue => range.Contains(keyValue.Key.Span))];
        IEnumerable<KeyValue> kept = all.Where(keyValue =>
            (options.MinModRevision.IsZero || keyValue.ModRevision >= options.MinModRevision)
            && (options.MaxModRevision.IsZero || keyValue.ModRevision <= options.MaxModRevision)
            && (options.MinCreateRevision.IsZero || keyValue.CreateRevision >= options.MinCreateRevision)
            && (options.MaxCreateRevision.IsZero || keyValue.CreateRevision <= options.MaxCreateRevision));
        Func<KeyValue, object> by = options.SortBy switch
        {
            SortTarget.CreateRevision => static keyValue => keyValue.CreateRevision.Value,
            SortTarget.ModRevision => static keyValue => keyValue.ModRevision.Value,
            SortTarget.Key => static keyValue => Text(keyValue.Key),
            _ => throw new NotSupportedException(),
        };
        Comparer<object> ordinal = Comparer<object>.Create(
            static (x, y) => x is string text ? string.CompareOrdinal(text, (string)y) : ((long)x).CompareTo((long)y));
        List<KeyValue> sorted = options.SortOrder is SortOrder.Descending
            ? [.. kept.OrderByDescending(by, ordinal)]
            : [.. kept.OrderBy(by, ordinal)];
        bool more = options.Limit > 0 && sorted.Count > options.Limit;
        if (more)
            sorted = sorted[..(int)options.Limit];
        if (options.CountOnly)
            sorted = [];
        return new(new(shown ?? _revision), sorted, all.Count, more);
    }

    /// <summary>The changes of a range from a revision on; of the first revision there only, if so wanted.</summary>
    public List<WatchEvent> Changes(KeyRange range, long from, WatchOptions options, bool oneRevision)
    {
        if (from < _compacted)
            throw new CompactedException(new(_compacted));

        List<WatchEvent> changes =
        [
            .. _history.Where(change => change.Revision.Value >= from
                && range.Contains(change.KeyValue.Key.Span)
                && !(options.SkipPuts && change.Kind is WatchEventKind.Put)
                && !(options.SkipDeletes && change.Kind is WatchEventKind.Delete)),
        ];
        return oneRevision ? [.. changes.TakeWhile(change => change.Revision == changes[0].Revision)] : changes;
    }

    public void Compact(long revision) => _compacted = revision;

    public LeaseId Grant(TimeSpan timeToLive)
    {
        _leases.Add(++_lastLease, timeToLive);
        return new(_lastLease);
    }

    public TimeSpan TimeToLive(LeaseId lease) =>
        _leases.TryGetValue(lease.Value, out TimeSpan timeToLive)
            ? timeToLive
            : throw new LeaseNotFoundException(lease);

    public bool Revoke(LeaseId lease)
    {
        if (!_leases.Remove(lease.Value))
            return false;

        long next = _revision + 1;
        foreach (KeyValue attached in _keys.Values.Where(keyValue => keyValue.Lease == lease).ToList())
        {
            Remove(attached, next);
            _revision = next;
        }

        return true;
    }

    private static string Text(ReadOnlyMemory<byte> key) => Encoding.Latin1.GetString(key.Span);

    private void Check(Transaction transaction)
    {
        foreach (Operation operation in transaction.Success.Concat(transaction.Failure))
        {
            if (operation is PutOperation { Options: { } options } && !options.Lease.IsNone)
                TimeToLive(options.Lease);
        }

        foreach (IReadOnlyList<Operation> path in new[] { transaction.Success, transaction.Failure })
        {
            List<string> puts = [.. path.OfType<PutOperation>().Select(put => Text(put.Key))];
            Assert.Equal(puts.Distinct(StringComparer.Ordinal), puts);
        }
    }

    private (bool Succeeded, List<OperationResult> Results) Run(
        Transaction transaction, long next, ref bool hasChanged)
    {
        bool succeeded = transaction.Conditions.All(Holds);
        List<OperationResult> results = [];
        foreach (Operation operation in succeeded ? transaction.Success : transaction.Failure)
        {
            switch (operation)
            {
                case PutOperation put:
                    Put(put, next);
                    hasChanged = true;
                    results.Add(new(Put: new(new(next), null)));
                    break;
                case DeleteOperation delete:
                    List<KeyValue> gone = [.. _keys.Values.Where(kv => delete.Range.Contains(kv.Key.Span))];
                    gone.ForEach(keyValue => Remove(keyValue, next));
                    hasChanged |= gone.Count > 0;
                    results.Add(new(Delete: new(new(hasChanged ? next : next - 1), gone.Count, [])));
                    break;
                case GetOperation get:
                    results.Add(new(Get: Get(get.Range, get.Options, hasChanged ? next : next - 1)));
                    break;
                default:
                    throw new NotSupportedException();
            }
        }

        return (succeeded, results);
    }

    private void Put(PutOperation put, long next)
    {
        KeyValue? old = _keys.GetValueOrDefault(Text(put.Key));
        if (put.Options is { KeepLease: true } && old is null)
            throw new KeyMissingException();
        LeaseId lease = put.Options is { KeepLease: true } ? old!.Lease : put.Options?.Lease ?? LeaseId.None;
        KeyValue now = new(
            put.Key.ToArray(),
            put.Value.ToArray(),
            old?.CreateRevision ?? new(next),
            new(next),
            (old?.Version ?? 0) + 1,
            lease);
        _keys[Text(put.Key)] = now;
        _history.Add(new(WatchEventKind.Put, now, null));
    }

    private void Remove(KeyValue keyValue, long next)
    {
        _keys.Remove(Text(keyValue.Key));
        _history.Add(new(WatchEventKind.Delete, new(keyValue.Key, default, default, new(next), 0), null));
    }

    private bool Holds(Comparison condition)
    {
        List<KeyValue?> keys = [.. _keys.Values.Where(keyValue => condition.Range.Contains(keyValue.Key.Span))];
        if (keys.Count == 0)
            keys.Add(null);
        return keys.TrueForAll(keyValue => Holds(condition, keyValue));
    }

    private static bool Holds(Comparison condition, KeyValue? keyValue)
    {
        long stored = condition.Target switch
        {
            ComparisonTarget.Version => keyValue?.Version ?? 0,
            ComparisonTarget.CreateRevision => keyValue?.CreateRevision.Value ?? 0,
            ComparisonTarget.ModRevision => keyValue?.ModRevision.Value ?? 0,
            ComparisonTarget.Lease => keyValue?.Lease.Value ?? 0,
            _ => throw new NotSupportedException(),
        };
        return condition.Operator switch
        {
            ComparisonOperator.Equal => stored == condition.Number,
            ComparisonOperator.Greater => stored > condition.Number,
            ComparisonOperator.Less => stored < condition.Number,
            _ => stored != condition.Number,
        };
    }
}
