using Coord.Kv;
using Google.Protobuf.Collections;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Mapping;

/// <summary>Reads answers of etcd's protocol.</summary>
internal static class FromWire
{
    public static Revision Revision(Wire.ResponseHeader? header) => new(header?.Revision ?? 0);

    public static KeyValue KeyValue(Wire.KeyValue pair) => new(
        pair.Key.Memory,
        pair.Value.Memory,
        new(pair.CreateRevision),
        new(pair.ModRevision),
        pair.Version,
        new(pair.Lease));

    public static GetResult Get(Wire.RangeResponse response) =>
        new(Revision(response.Header), All(response.Kvs), response.Count, response.More);

    public static PutResult Put(Wire.PutResponse response) =>
        new(Revision(response.Header), response.PrevKv is { } previous ? KeyValue(previous) : null);

    public static DeleteResult Delete(Wire.DeleteRangeResponse response) =>
        new(Revision(response.Header), response.Deleted, All(response.PrevKvs));

    /// <param name="response">The answer.</param>
    /// <param name="outer">The revision of the whole, which the headers of inner transactions lack.</param>
    public static TransactionResult Transaction(Wire.TxnResponse response, Revision outer)
    {
        OperationResult[] results = new OperationResult[response.Responses.Count];
        for (int i = 0; i < results.Length; i++)
        {
            Wire.ResponseOp operation = response.Responses[i];
            results[i] = operation.ResponseCase switch
            {
                Wire.ResponseOp.ResponseOneofCase.ResponsePut => new(Put: Put(operation.ResponsePut)),
                Wire.ResponseOp.ResponseOneofCase.ResponseRange => new(Get: Get(operation.ResponseRange)),
                Wire.ResponseOp.ResponseOneofCase.ResponseDeleteRange =>
                    new(Delete: Delete(operation.ResponseDeleteRange)),
                Wire.ResponseOp.ResponseOneofCase.ResponseTxn =>
                    new(Nested: Transaction(operation.ResponseTxn, outer)),
                _ => new(),
            };
        }

        return new(outer, response.Succeeded, results);
    }

    public static WatchEvent Event(Wire.Event change) => new(
        change.Type is Wire.Event.Types.EventType.Delete ? WatchEventKind.Delete : WatchEventKind.Put,
        KeyValue(change.Kv),
        change.PrevKv is { } previous ? KeyValue(previous) : null);

    private static KeyValue[] All(RepeatedField<Wire.KeyValue> pairs)
    {
        KeyValue[] result = new KeyValue[pairs.Count];
        for (int i = 0; i < result.Length; i++)
            result[i] = KeyValue(pairs[i]);
        return result;
    }
}
