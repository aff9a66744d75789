using Coord.Protocol.Etcd;
using Google.Protobuf;

namespace Coord.LoadGenerator.Load;

/// <summary>A kind of load whose calls have one request and one answer.</summary>
/// <param name="Method">The method's path.</param>
/// <param name="Create">Makes the request of a call.</param>
internal sealed record UnaryCall(string Method, Func<IMessage> Create)
{
    /// <exception cref="FormatException">The workload is none of these.</exception>
    public static UnaryCall Of(string workload, Target target) => workload switch
    {
        "put" => new("/etcdserverpb.KV/Put", () => new PutRequest { Key = target.RandomKey(), Value = target.Value }),
        "range" => new("/etcdserverpb.KV/Range", () => new RangeRequest { Key = target.RandomKey() }),
        "serializable" =>
            new("/etcdserverpb.KV/Range", () => new RangeRequest { Key = target.RandomKey(), Serializable = true }),
        "txn" => new("/etcdserverpb.KV/Txn", () => Transaction(target)),
        _ => throw new FormatException($"There are no bare calls of the workload '{workload}'."),
    };

    /// <summary>One comparison that holds, one put.</summary>
    public static TxnRequest Transaction(Target target)
    {
        ByteString key = target.RandomKey();
        TxnRequest request = new();
        request.Compare.Add(new Compare
        {
            Key = key,
            Target = Compare.Types.CompareTarget.Version,
            Result = Compare.Types.CompareResult.Greater,
            Version = -1,
        });
        request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = key, Value = target.Value } });
        return request;
    }
}
