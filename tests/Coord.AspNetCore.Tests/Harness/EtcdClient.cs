using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Coord.AspNetCore.Tests.Harness;

/// <summary>
/// Calls methods by their names on the wire: what a test spells out here is what every client of etcd has compiled in.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public EtcdClient(ApiServer server, HttpClient? http = null)
        : this(server.Address, http)
    {
    }

    public EtcdClient(Uri address, HttpClient? http = null) => _channel = GrpcChannel.ForAddress(
        address, new GrpcChannelOptions { HttpClient = http, MaxReceiveMessageSize = null });

    public void Dispose() => _channel.Dispose();

    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        string method, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        CallInvoker invoker = _channel.CreateCallInvoker();
        using AsyncUnaryCall<TResponse> call = invoker.AsyncUnaryCall(
            Method<TRequest, TResponse>(MethodType.Unary, method), null, new CallOptions(headers), request);
        return await call.ResponseAsync;
    }

    /// <summary>Makes a call that must fail, and returns how.</summary>
    public async Task<(StatusCode Code, string Text)> FailAsync<TRequest, TResponse>(
        string method, TRequest request, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        RpcException exception = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync<TRequest, TResponse>(method, request, headers));
        return (exception.StatusCode, exception.Status.Detail);
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> Stream<TRequest, TResponse>(
        string method, Metadata? headers = null)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        _channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            Method<TRequest, TResponse>(MethodType.DuplexStreaming, method), null, new CallOptions(headers));

    public AsyncServerStreamingCall<TResponse> Download<TRequest, TResponse>(string method, TRequest request)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        _channel.CreateCallInvoker().AsyncServerStreamingCall(
            Method<TRequest, TResponse>(MethodType.ServerStreaming, method), null, default, request);

    public Task<RangeResponse> RangeAsync(RangeRequest request) =>
        CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV/Range", request);

    public Task<PutResponse> PutAsync(string key, string value, long lease = 0) =>
        CallAsync<PutRequest, PutResponse>(
            "etcdserverpb.KV/Put",
            new PutRequest { Key = Utf8(key), Value = Utf8(value), Lease = lease });

    public Task<DeleteRangeResponse> DeleteAsync(DeleteRangeRequest request) =>
        CallAsync<DeleteRangeRequest, DeleteRangeResponse>("etcdserverpb.KV/DeleteRange", request);

    public Task<TxnResponse> TxnAsync(TxnRequest request) =>
        CallAsync<TxnRequest, TxnResponse>("etcdserverpb.KV/Txn", request);

    public static ByteString Utf8(string text) => ByteString.CopyFromUtf8(text);

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(MethodType type, string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        string[] parts = name.Split('/');
        return new Method<TRequest, TResponse>(
            type, parts[0], parts[1], Marshaller<TRequest>(), Marshaller<TResponse>());
    }

    private static Marshaller<T> Marshaller<T>()
        where T : class, IMessage<T>, new()
    {
        MessageParser<T> parser = new(() => new T());
        return Marshallers.Create(message => message.ToByteArray(), parser.ParseFrom);
    }
}
