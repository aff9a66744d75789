using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Services;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Coord.AspNetCore.Hot;

/// <summary>Which methods are answered without the gRPC library where a call is plain, and what they need.</summary>
/// <remarks>
/// Of the processor's time that a put of 256 bytes takes on one node, 64 at a time, this saves 13 %: 39 instead of
/// 45 us on two busy cores. Where the host has put an interceptor of its own in between, it may have to see every call,
/// and none is answered so.
/// </remarks>
internal sealed class PlainCalls(
    EtcdMember member,
    CallMetrics metrics,
    KvHandler kv,
    LeaseHandler leases,
    IOptions<GrpcServiceOptions> options,
    TimeProvider clock)
{
    public EtcdMember Member => member;

    public CallMetrics Metrics => metrics;

    public TimeProvider Clock => clock;

    public int MaxMessageBytes { get; } = options.Value.MaxReceiveMessageSize ?? int.MaxValue;

    public bool HasOtherInterceptors =>
        options.Value.Interceptors.Any(interceptor => interceptor.Type != typeof(EtcdInterceptor));

    /// <summary>Puts the way past the library before it, if the endpoint is of a method that has one.</summary>
    public void Apply(EndpointBuilder endpoint)
    {
        GrpcMethodMetadata? found = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault();
        if (found is null || endpoint.RequestDelegate is not { } library || HasOtherInterceptors)
            return;

        string method = found.Method.FullName;
        endpoint.RequestDelegate = method switch
        {
            "/etcdserverpb.KV/Range" => Call(RangeRequest.Parser, kv.RangeAsync),
            "/etcdserverpb.KV/Put" =>
                Call(PutRequest.Parser, (request, cancelled) => kv.PutAsync(request, default, cancelled)),
            "/etcdserverpb.KV/DeleteRange" => Call(
                DeleteRangeRequest.Parser, (request, cancelled) => kv.DeleteRangeAsync(request, default, cancelled)),
            "/etcdserverpb.KV/Txn" =>
                Call(TxnRequest.Parser, (request, cancelled) => kv.TxnAsync(request, default, cancelled)),
            "/etcdserverpb.Lease/LeaseTimeToLive" => Call(LeaseTimeToLiveRequest.Parser, leases.TimeToLiveAsync),
            _ => library,
        };

        RequestDelegate Call<TRequest, TResponse>(
            MessageParser<TRequest> parser, Func<TRequest, CancellationToken, ValueTask<TResponse>> handle)
            where TRequest : class, IMessage<TRequest>
            where TResponse : class, IMessage<TResponse> =>
            new PlainCall<TRequest, TResponse>(method, parser, handle, this, library).InvokeAsync;
    }
}
