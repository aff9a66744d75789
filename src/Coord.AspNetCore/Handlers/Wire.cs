using Coord.AspNetCore.Hot;
using Coord.Kv;
using Google.Protobuf;
using Etcd = Coord.Protocol.Etcd;

namespace Coord.AspNetCore.Handlers;

/// <summary>Between the store's vocabulary and the protocol's. Bytes are shared and not copied.</summary>
/// <remarks>
/// Sharing is safe in both directions: a message that was received is changed by nobody, and what the store hands out
/// stays as it is for as long as anybody holds it.
/// </remarks>
internal static class Wire
{
    public static KeyRange Range(ByteString key, ByteString rangeEnd) => new(key.Memory, rangeEnd.Memory);

    public static ByteString Bytes(ReadOnlyMemory<byte> bytes) =>
        bytes.IsEmpty ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(bytes);

    public static Etcd.KeyValue KeyValue(KeyValue source) => new()
    {
        Key = Bytes(source.Key),
        Value = Bytes(source.Value),
        CreateRevision = source.CreateRevision.Value,
        ModRevision = source.ModRevision.Value,
        Version = source.Version,
        Lease = source.Lease.Value,
    };

    /// <summary>Makes a message of events that are encoded as its fields.</summary>
    public static Etcd.WatchResponse Response(AnswerHeader header, long watchId, ReadOnlySpan<byte> events)
    {
        Etcd.WatchResponse response = Etcd.WatchResponse.Parser.ParseFrom(events);
        response.WatchId = watchId;
        response.Header = new Etcd.ResponseHeader
        {
            ClusterId = header.ClusterId,
            MemberId = header.MemberId,
            Revision = header.Revision,
            RaftTerm = header.RaftTerm,
        };
        return response;
    }

    public static GetOptions Options(Etcd.RangeRequest request)
    {
        SortTarget by = Target(request.SortTarget);
        SortOrder order = Order(request.SortOrder);

        // A target without an order means ascending; by the key that is what there is anyway.
        if (order is SortOrder.None && by is not SortTarget.Key)
            order = SortOrder.Ascending;
        return new GetOptions
        {
            Revision = Positive(request.Revision),
            Limit = Math.Max(request.Limit, 0),
            KeysOnly = request.KeysOnly,
            CountOnly = request.CountOnly,
            Serializable = request.Serializable,
            SortBy = by,
            SortOrder = order,
            MinModRevision = Positive(request.MinModRevision),
            MaxModRevision = new(request.MaxModRevision),
            MinCreateRevision = Positive(request.MinCreateRevision),
            MaxCreateRevision = new(request.MaxCreateRevision),
        };
    }

    public static PutOptions? Options(Etcd.PutRequest request) =>
        request is { PrevKv: false, Lease: 0, IgnoreValue: false, IgnoreLease: false }
            ? null
            : new PutOptions
            {
                ReturnPrevious = request.PrevKv,
                Lease = new LeaseId(request.Lease),
                KeepValue = request.IgnoreValue,
                KeepLease = request.IgnoreLease,
            };

    public static DeleteOptions? Options(Etcd.DeleteRangeRequest request) =>
        request.PrevKv ? new DeleteOptions { ReturnPrevious = true } : null;

    public static void Fill(Etcd.RangeResponse response, GetResult result)
    {
        response.Count = result.Count;
        response.More = result.More;
        response.Kvs.Capacity = result.KeyValues.Count;
        foreach (KeyValue pair in result.KeyValues)
            response.Kvs.Add(KeyValue(pair));
    }

    public static void Fill(Etcd.DeleteRangeResponse response, DeleteResult result)
    {
        response.Deleted = result.Deleted;
        foreach (KeyValue pair in result.Previous)
            response.PrevKvs.Add(KeyValue(pair));
    }

    private static Revision Positive(long revision) => new(Math.Max(revision, 0));

    private static SortTarget Target(Etcd.RangeRequest.Types.SortTarget target) => target switch
    {
        Etcd.RangeRequest.Types.SortTarget.Key => SortTarget.Key,
        Etcd.RangeRequest.Types.SortTarget.Version => SortTarget.Version,
        Etcd.RangeRequest.Types.SortTarget.Create => SortTarget.CreateRevision,
        Etcd.RangeRequest.Types.SortTarget.Mod => SortTarget.ModRevision,
        Etcd.RangeRequest.Types.SortTarget.Value => SortTarget.Value,

        // etcd 3.4 lets what it does not know pass, unsorted.
        _ => SortTarget.Key,
    };

    private static SortOrder Order(Etcd.RangeRequest.Types.SortOrder order) => order switch
    {
        Etcd.RangeRequest.Types.SortOrder.Ascend => SortOrder.Ascending,
        Etcd.RangeRequest.Types.SortOrder.Descend => SortOrder.Descending,
        _ => SortOrder.None,
    };
}
