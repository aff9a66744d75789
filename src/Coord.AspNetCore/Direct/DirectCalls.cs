using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace Coord.AspNetCore.Direct;

/// <summary>Which methods are answered on the connection, if the host wants that.</summary>
internal sealed class DirectCalls(PlainCalls calls, KvHandler kv, IOptions<EtcdApiOptions> options)
{
    private readonly Dictionary<string, DirectMethod> _methods = new(StringComparer.Ordinal)
    {
        ["/etcdserverpb.KV/Range"] = Method("/etcdserverpb.KV/Range", RangeRequest.Parser, kv.RangeAsync, calls),
        ["/etcdserverpb.KV/Put"] = Method(
            "/etcdserverpb.KV/Put",
            PutRequest.Parser,
            (request, cancelled) => kv.PutAsync(request, default, cancelled),
            calls),
        ["/etcdserverpb.KV/Txn"] = Method(
            "/etcdserverpb.KV/Txn",
            TxnRequest.Parser,
            (request, cancelled) => kv.TxnAsync(request, default, cancelled),
            calls),
    };

    /// <summary>Gets a value indicating whether connections are to look for calls that they can answer.</summary>
    public bool IsWanted { get; } = options.Value.AnswerOnConnection && !calls.HasOtherInterceptors;

    public TimeProvider Clock => calls.Clock;

    /// <summary>Returns the method of a path; null if it is left to the web server.</summary>
    public DirectMethod? Find(string path) => _methods.GetValueOrDefault(path);

    private static DirectMethod<TRequest, TResponse> Method<TRequest, TResponse>(
        string name,
        MessageParser<TRequest> parser,
        Func<TRequest, CancellationToken, ValueTask<TResponse>> handle,
        PlainCalls calls)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(name, parser, handle, calls);
}
