using System.Threading.Channels;
using Grpc.Core;

namespace Coord.Client.Streams;

/// <summary>What a stream that lives on over reconnects is used for. Called by the stream's loop alone.</summary>
internal interface IStreamOwner<TRequest, TResponse>
{
    /// <summary>Gets a value indicating whether there is anything to be connected for.</summary>
    bool IsNeeded { get; }

    AsyncDuplexStreamingCall<TRequest, TResponse> Open(Connections.Endpoint endpoint, CallOptions options);

    /// <summary>A stream is open: all that is wanted has to be asked for again.</summary>
    void OnConnected(ChannelWriter<TRequest> outgoing);

    void OnReceived(TResponse response);

    /// <summary>The stream is gone.</summary>
    /// <param name="reason">Why; null if the server ended it in good order.</param>
    void OnBroken(RpcException? reason);
}
