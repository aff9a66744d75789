using Grpc.Core;

namespace Coord.Client.Calls;

/// <summary>A failed attempt at a call, and what it tells. Immutable.</summary>
/// <param name="Certainty">Whether it was done.</param>
/// <param name="MoveOn">Whether another endpoint should be tried.</param>
/// <param name="Text">What happened, in words.</param>
/// <param name="Cause">The exception.</param>
internal sealed record Failure(Certainty Certainty, bool MoveOn, string Text, Exception Cause)
{
    private const string NoLeader = "etcdserver: no leader";
    private const string TooManyRequests = "etcdserver: too many requests";
    private const string ForLearner = "etcdserver: rpc not supported for learner";
    private const string NotCapable = "etcdserver: not capable";
    private const string Unhealthy = "etcdserver: unhealthy cluster";

    public bool IsNoLeader => Cause is RpcException { Status.Detail: NoLeader };

    public static Failure Of(Exception exception) => exception switch
    {
        RpcException { Status.DebugException: { } cause } rpc => OfConnection(rpc, cause),
        RpcException rpc => OfAnswer(rpc),
        OperationCanceledException => new(Certainty.Unclear, true, "no answer came in time", exception),
        _ => new(Certainty.Unclear, true, exception.Message, exception),
    };

    /// <summary>The call broke on this side of the server: it matters whether it had been sent.</summary>
    private static Failure OfConnection(RpcException exception, Exception cause)
    {
        bool neverSent = cause is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        };
        if (exception.StatusCode is StatusCode.ResourceExhausted)
            return new(Certainty.Refused, false, exception.Status.Detail, exception);

        return new(neverSent ? Certainty.NotDone : Certainty.Unclear, true, cause.Message, exception);
    }

    private static Failure OfAnswer(RpcException exception)
    {
        string text = exception.Status.Detail;
        (Certainty certainty, bool moveOn) = (exception.StatusCode, text) switch
        {
            (StatusCode.ResourceExhausted, TooManyRequests) => (Certainty.NotDone, false),
            (_, NoLeader or ForLearner or NotCapable) => (Certainty.NotDone, true),
            (_, Unhealthy) => (Certainty.Refused, false),
            // A server that stops or lost its leader may have passed the request on before.
            (StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.DeadlineExceeded, _) =>
                (Certainty.Unclear, true),
            _ => (Certainty.Refused, false),
        };
        return new(certainty, moveOn, text, exception);
    }
}
