using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Does a transaction once more, on the state that the log of changes had at some revision.</summary>
/// <remarks>
/// Conditions, those of inner transactions included, look at the state before the whole; reads see the writes before
/// them. All writes share the next revision.
/// </remarks>
internal sealed class TransactionReplay
{
    private readonly ChangeLog _log;
    private readonly Revision _before;
    private readonly Revision _open;
    private readonly Dictionary<Transaction, bool> _decisions = new(ReferenceEqualityComparer.Instance);
    private readonly SortedDictionary<string, KeyValue?> _written = new(StringComparer.Ordinal);
    private readonly List<WatchEvent> _events = [];
    private string? _refusal;

    private TransactionReplay(ChangeLog log, Revision before)
    {
        _log = log;
        _before = before;
        _open = before.Next;
    }

    private Revision Now => _events.Count > 0 ? _open : _before;

    /// <summary>Does a transaction on the state that was there at a revision.</summary>
    public static Replayed Run(ChangeLog log, Revision before, Transaction transaction)
    {
        TransactionReplay replay = new(log, before);
        replay.Decide(transaction);
        if (replay._refusal is not null)
            return new(null, [], replay._refusal);

        TransactionResult result = replay.Do(transaction);
        return new(result, replay._events);
    }

    private void Decide(Transaction transaction)
    {
        bool holds = transaction.Conditions.All(Holds);
        _decisions[transaction] = holds;
        foreach (Operation operation in holds ? transaction.Success : transaction.Failure)
        {
            switch (operation)
            {
                case NestedOperation nested:
                    Decide(nested.Transaction);
                    break;
                case PutOperation { Options: { KeepValue: true } or { KeepLease: true } } put
                    when _log.Find(ChangeLog.TextOf(put.Key.Span), _before) is null:
                    _refusal ??= "a key is missing";
                    break;
                case GetOperation { Options: { } options } when options.Revision > _before:
                    _refusal ??= "a revision is of the future";
                    break;
            }
        }
    }

    private bool Holds(Comparison condition)
    {
        List<KeyValue> found = _log.Read(condition.Range, _before);
        if (found.Count == 0 && condition.Target is ComparisonTarget.Value)
            return false;
        if (found.Count == 0)
            found = [new(default, default, default, default, 0)];
        return found.TrueForAll(kv => condition.Operator switch
        {
            ComparisonOperator.Equal => Compare(kv, condition) == 0,
            ComparisonOperator.NotEqual => Compare(kv, condition) != 0,
            ComparisonOperator.Greater => Compare(kv, condition) > 0,
            _ => Compare(kv, condition) < 0,
        });
    }

    private static int Compare(KeyValue kv, Comparison condition) => condition.Target switch
    {
        ComparisonTarget.Version => kv.Version.CompareTo(condition.Number),
        ComparisonTarget.CreateRevision => kv.CreateRevision.Value.CompareTo(condition.Number),
        ComparisonTarget.ModRevision => kv.ModRevision.Value.CompareTo(condition.Number),
        ComparisonTarget.Lease => kv.Lease.Value.CompareTo(condition.Number),
        _ => kv.Value.Span.SequenceCompareTo(condition.Value.Span),
    };

    private TransactionResult Do(Transaction transaction)
    {
        // An inner transaction answers with the revision that was open when it began, the outer one with its own.
        bool holds = _decisions[transaction];
        List<OperationResult> results = [];
        foreach (Operation operation in holds ? transaction.Success : transaction.Failure)
        {
            Revision before = Now;
            results.Add(operation switch
            {
                PutOperation put => new(Put: Put(put)),
                DeleteOperation delete => new(Delete: Delete(delete)),
                GetOperation get => new(Get: Get(get)),
                NestedOperation nested => new(Nested: Do(nested.Transaction) with { Revision = before }),
                _ => throw new ArgumentException($"There is no operation {operation}.", nameof(transaction)),
            });
        }

        return new(Now, holds, results);
    }

    private PutResult Put(PutOperation put)
    {
        PutOptions options = put.Options ?? new();
        KeyValue? old = Read(new KeyRange(put.Key)).FirstOrDefault();
        KeyValue version = new(
            put.Key,
            options.KeepValue && old is not null ? old.Value : put.Value,
            old?.CreateRevision ?? _open,
            _open,
            (old?.Version ?? 0) + 1,
            options.KeepLease && old is not null ? old.Lease : options.Lease);
        _written[ChangeLog.TextOf(put.Key.Span)] = version;
        _events.Add(new(WatchEventKind.Put, version, null));
        return new(_open, options.ReturnPrevious ? old : null);
    }

    private DeleteResult Delete(DeleteOperation delete)
    {
        List<KeyValue> found = Read(delete.Range);
        foreach (KeyValue kv in found)
        {
            _written[ChangeLog.TextOf(kv.Key.Span)] = null;
            _events.Add(new(WatchEventKind.Delete, new(kv.Key, default, default, _open, 0), null));
        }

        return new(Now, found.Count, delete.Options is { ReturnPrevious: true } ? found : []);
    }

    private GetResult Get(GetOperation get)
    {
        GetOptions options = get.Options ?? new();
        List<KeyValue> found = options.Revision.IsZero ? Read(get.Range) : _log.Read(get.Range, options.Revision);
        return RangeSelection.Select(found, options, Now);
    }

    /// <summary>Reads what is there now, with what this transaction wrote.</summary>
    private List<KeyValue> Read(KeyRange range)
    {
        List<KeyValue> before = _log.Read(range, _before);
        if (_written.Count == 0)
            return before;

        SortedDictionary<string, KeyValue> found = new(StringComparer.Ordinal);
        foreach (KeyValue kv in before)
            found[ChangeLog.TextOf(kv.Key.Span)] = kv;
        foreach ((string key, KeyValue? version) in _written)
        {
            if (version is null)
                found.Remove(key);
            else if (range.Contains(version.Key.Span))
                found[key] = version;
        }

        return [.. found.Values];
    }
}
