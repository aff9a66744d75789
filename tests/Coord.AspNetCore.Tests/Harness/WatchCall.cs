using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Tests.Harness;

/// <summary>A stream of watches as a client has it.</summary>
internal sealed class WatchCall(EtcdClient client) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Call { get; } =
        client.Stream<WatchRequest, WatchResponse>("etcdserverpb.Watch/Watch");

    public void Dispose() => Call.Dispose();

    public Task CreateAsync(WatchCreateRequest request) =>
        Call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request });

    public Task CancelAsync(long id) =>
        Call.RequestStream.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = id } });

    public async Task<WatchResponse> ReadAsync()
    {
        using CancellationTokenSource late = new(Patience);
        Assert.True(await Call.ResponseStream.MoveNext(late.Token), "The stream ended.");
        return Call.ResponseStream.Current;
    }
}
