using Coord.Kv;
using Coord.Raft;
using Grpc.Core;

namespace Coord.AspNetCore.Handlers;

/// <summary>Which of etcd's errors stands for which of Coord's exceptions. The only place that decides it.</summary>
internal static class ErrorTable
{
    /// <summary>Finds the error to answer with.</summary>
    /// <param name="exception">What a handler threw; not a cancellation that its caller asked for.</param>
    public static EtcdError Find(Exception exception) => exception switch
    {
        EtcdException etcd => etcd.Error,
        CompactedException => EtcdError.Compacted,
        FutureRevisionException => EtcdError.FutureRevision,
        LeaseNotFoundException => EtcdError.LeaseNotFound,
        LeaseExistsException => EtcdError.LeaseExists,
        KeyMissingException => EtcdError.KeyNotFound,
        SpaceExceededException => EtcdError.NoSpace,
        StoreCorruptException => EtcdError.Corrupt,
        RequestTooLargeException => EtcdError.RequestTooLarge,
        SessionExpiredException => EtcdError.SessionExpired,
        ProposalDroppedException => EtcdError.TooManyRequests,
        NodeStoppedException or ObjectDisposedException => EtcdError.Stopped,

        // No leader in all the time that a request has, or one that lost its office meanwhile: to a client of etcd
        // both are "timed out", which leaves open whether a write happened.
        NotLeaderException or CoordTimeoutException => EtcdError.TimedOut,
        OutcomeUnknownException => EtcdError.TimedOutAfterLeaderFailure,
        CoordException => new(StatusCode.Unavailable, $"etcdserver: {exception.Message}"),
        RpcException rpc => new(rpc.StatusCode, rpc.Status.Detail),
        OperationCanceledException => new(StatusCode.Cancelled, "context canceled"),
        _ => new(StatusCode.Unknown, exception.Message),
    };
}
