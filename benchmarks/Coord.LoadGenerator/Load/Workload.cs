using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.LoadGenerator.Load;

/// <summary>Makes the calls of a kind of load, one client's at a time.</summary>
internal static class Workload
{
    /// <summary>Makes one client, which makes a call each time it is called.</summary>
    public static async Task<Func<Task>> ClientAsync(string name, Target target, int client)
    {
        KV.KVClient kv = new(target.Channel(client));
        return name switch
        {
            "put" => () => kv.PutAsync(new PutRequest { Key = target.RandomKey(), Value = target.Value }).ResponseAsync,
            "range" => () => kv.RangeAsync(new RangeRequest { Key = target.RandomKey() }).ResponseAsync,
            "serializable" => () => kv.RangeAsync(
                new RangeRequest { Key = target.RandomKey(), Serializable = true }).ResponseAsync,
            "txn" => () => kv.TxnAsync(UnaryCall.Transaction(target)).ResponseAsync,
            "keepalive" => await KeepAliveAsync(target, client),
            _ => throw new FormatException($"There is no workload '{name}'."),
        };
    }

    private static async Task<Func<Task>> KeepAliveAsync(Target target, int client)
    {
        Lease.LeaseClient leases = new(target.Channel(client));
        LeaseGrantResponse lease = await leases.LeaseGrantAsync(new LeaseGrantRequest { TTL = 600 });
        var stream = leases.LeaseKeepAlive();
        return async () =>
        {
            await stream.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease.ID });
            if (!await stream.ResponseStream.MoveNext(CancellationToken.None))
                throw new RpcException(new Status(StatusCode.Unavailable, "The stream ended."));
        };
    }
}
