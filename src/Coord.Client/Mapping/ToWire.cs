using Coord.Kv;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Mapping;

/// <summary>Writes requests as etcd's protocol has them. The caller's memory is borrowed until the call ends.</summary>
internal static class ToWire
{
    public static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);

    public static Wire.RangeRequest Range(KeyRange range, GetOptions options) => new()
    {
        Key = Bytes(range.Key),
        RangeEnd = Bytes(range.RangeEnd),
        Limit = options.Limit,
        Revision = options.Revision.Value,
        SortOrder = (Wire.RangeRequest.Types.SortOrder)options.SortOrder,
        SortTarget = (Wire.RangeRequest.Types.SortTarget)options.SortBy,
        Serializable = options.Serializable,
        KeysOnly = options.KeysOnly,
        CountOnly = options.CountOnly,
        MinModRevision = options.MinModRevision.Value,
        MaxModRevision = options.MaxModRevision.Value,
        MinCreateRevision = options.MinCreateRevision.Value,
        MaxCreateRevision = options.MaxCreateRevision.Value,
    };

    public static Wire.PutRequest Put(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options) =>
        new()
        {
            Key = Bytes(key),
            Value = Bytes(value),
            Lease = options?.Lease.Value ?? 0,
            PrevKv = options?.ReturnPrevious ?? false,
            IgnoreValue = options?.KeepValue ?? false,
            IgnoreLease = options?.KeepLease ?? false,
        };

    public static Wire.DeleteRangeRequest Delete(KeyRange range, DeleteOptions? options) => new()
    {
        Key = Bytes(range.Key),
        RangeEnd = Bytes(range.RangeEnd),
        PrevKv = options?.ReturnPrevious ?? false,
    };

    public static Wire.TxnRequest Transaction(Transaction transaction)
    {
        Wire.TxnRequest request = new();
        foreach (Comparison condition in transaction.Conditions)
            request.Compare.Add(Compare(condition));
        AddTo(request.Success, transaction.Success);
        AddTo(request.Failure, transaction.Failure);
        return request;
    }

    public static Wire.WatchRequest Watch(KeyRange range, WatchOptions options, long id, long start)
    {
        Wire.WatchCreateRequest create = new()
        {
            Key = Bytes(range.Key),
            RangeEnd = Bytes(range.RangeEnd),
            StartRevision = start,
            PrevKv = options.ReturnPrevious,
            WatchId = id,
            Fragment = true,
            // Always: it moves the place to resume at, so that a quiet watch does not fall behind the compaction.
            ProgressNotify = true,
        };
        if (options.SkipPuts)
            create.Filters.Add(Wire.WatchCreateRequest.Types.FilterType.Noput);
        if (options.SkipDeletes)
            create.Filters.Add(Wire.WatchCreateRequest.Types.FilterType.Nodelete);
        return new() { CreateRequest = create };
    }

    private static void AddTo(RepeatedField<Wire.RequestOp> list, IReadOnlyList<Operation> operations)
    {
        foreach (Operation operation in operations)
        {
            list.Add(operation switch
            {
                PutOperation put => new() { RequestPut = Put(put.Key, put.Value, put.Options) },
                GetOperation get => new() { RequestRange = Range(get.Range, get.Options ?? new()) },
                DeleteOperation delete => new() { RequestDeleteRange = Delete(delete.Range, delete.Options) },
                NestedOperation nested => new Wire.RequestOp { RequestTxn = Transaction(nested.Transaction) },
                _ => throw new ArgumentException($"{operation} is no operation.", nameof(operations)),
            });
        }
    }

    private static Wire.Compare Compare(Comparison condition)
    {
        Wire.Compare compare = new()
        {
            Key = Bytes(condition.Range.Key),
            RangeEnd = Bytes(condition.Range.RangeEnd),
            Result = (Wire.Compare.Types.CompareResult)condition.Operator,
            Target = (Wire.Compare.Types.CompareTarget)condition.Target,
        };
        switch (condition.Target)
        {
            case ComparisonTarget.Version: compare.Version = condition.Number; break;
            case ComparisonTarget.CreateRevision: compare.CreateRevision = condition.Number; break;
            case ComparisonTarget.ModRevision: compare.ModRevision = condition.Number; break;
            case ComparisonTarget.Lease: compare.Lease = condition.Number; break;
            default: compare.Value = Bytes(condition.Value); break;
        }

        return compare;
    }
}
