using System.Security.Cryptography;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Coord.LoadGenerator.Load;

/// <summary>The servers under load: connections to all of them, and keys to work on.</summary>
/// <remarks>
/// Clients share connections, twenty each, as programs with many callers do; one connection for each client would
/// measure the sockets of this machine.
/// </remarks>
internal sealed class Target : IDisposable
{
    private const int ClientsPerConnection = 20;

    private readonly List<GrpcChannel> _channels = [];
    private readonly IReadOnlyList<string> _endpoints;
    private readonly int _keys;

    public Target(IReadOnlyList<string> endpoints, int clients, int keys, int valueBytes)
    {
        (_endpoints, _keys) = (endpoints, keys);
        Value = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(valueBytes));
        int connections = Math.Max(endpoints.Count, (clients + ClientsPerConnection - 1) / ClientsPerConnection);
        for (int i = 0; i < connections; i++)
        {
            _channels.Add(GrpcChannel.ForAddress(endpoints[i % endpoints.Count], new GrpcChannelOptions
            {
                MaxReceiveMessageSize = null,
                HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
                DisposeHttpClient = true,
            }));
        }
    }

    public ByteString Value { get; }

    /// <summary>Returns one of the keys, at random: eight bytes, as in the workload that etcd publishes.</summary>
    public ByteString RandomKey() => Key(Random.Shared.Next(_keys));

    public static ByteString Key(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, number + 1L);
        return ByteString.CopyFrom(bytes);
    }

    /// <summary>Gets where each connection goes to.</summary>
    public IEnumerable<Uri> Connections =>
        Enumerable.Range(0, _channels.Count).Select(i => new Uri(_endpoints[i % _endpoints.Count]));

    public GrpcChannel Channel(int client) => _channels[client % _channels.Count];

    /// <summary>Writes all keys, a hundred in a transaction.</summary>
    public async Task FillAsync(int keys, CancellationToken cancellationToken)
    {
        const int Batch = 100;
        int next = -Batch;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async client =>
        {
            KV.KVClient kv = new(Channel(client));
            for (int first; (first = Interlocked.Add(ref next, Batch)) < keys;)
            {
                TxnRequest request = new();
                for (int i = first; i < Math.Min(first + Batch, keys); i++)
                    request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = Key(i), Value = Value } });
                await kv.TxnAsync(request, cancellationToken: cancellationToken);
            }
        }));
    }

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
    }
}
