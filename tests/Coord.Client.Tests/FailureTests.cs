using Coord.Client.Calls;
using Grpc.Core;

namespace Coord.Client.Tests;

/// <summary>Only what surely did not happen counts as not done: the client repeats such writes.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader", Certainty.NotDone, true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: not capable", Certainty.NotDone, true)]
    [InlineData(StatusCode.FailedPrecondition, "etcdserver: rpc not supported for learner", Certainty.NotDone, true)]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: too many requests", Certainty.NotDone, false)]
    [InlineData(StatusCode.Unavailable, "etcdserver: unhealthy cluster", Certainty.Refused, false)]
    [InlineData(StatusCode.Unavailable, "etcdserver: leader changed", Certainty.Unclear, true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out", Certainty.Unclear, true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: server stopped", Certainty.Unclear, true)]
    [InlineData(StatusCode.Cancelled, "", Certainty.Unclear, true)]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: key is not provided", Certainty.Refused, false)]
    [InlineData(StatusCode.Unknown, "odd", Certainty.Refused, false)]
    internal void The_server_says_what_it_means(StatusCode code, string text, Certainty certainty, bool moveOn)
    {
        Failure failure = Failure.Of(new RpcException(new Status(code, text)));
        Assert.Equal((certainty, moveOn, text), (failure.Certainty, failure.MoveOn, failure.Text));
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, Certainty.NotDone)]
    [InlineData(HttpRequestError.NameResolutionError, Certainty.NotDone)]
    [InlineData(HttpRequestError.SecureConnectionError, Certainty.NotDone)]
    [InlineData(HttpRequestError.ResponseEnded, Certainty.Unclear)]
    [InlineData(HttpRequestError.HttpProtocolError, Certainty.Unclear)]
    internal void A_call_that_found_no_connection_was_not_sent(HttpRequestError error, Certainty certainty)
    {
        HttpRequestException cause = new(error, "broken");
        Failure failure = Failure.Of(new RpcException(new Status(StatusCode.Unavailable, "", cause)));
        Assert.Equal((certainty, true), (failure.Certainty, failure.MoveOn));
    }

    [Fact]
    public void Silence_is_unclear() =>
        Assert.Equal(Certainty.Unclear, Failure.Of(new OperationCanceledException()).Certainty);
}
