using Coord.Client.Connections;
using Coord.Protocol.Sessions;
using Grpc.Core;

namespace Coord.Client.Calls;

/// <summary>The session that a client's writes share, opened when the first one needs it. Thread-safe.</summary>
/// <remarks>
/// A server that knows no sessions would pass over the metadata in silence, and a write that was sent again would be
/// done twice. So each endpoint is asked before a write trusts in its session there, and again after it failed.
/// </remarks>
internal sealed class WriteSessions : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1, 1);
    private volatile WriteSession? _current;

    public void Dispose() => _asking.Dispose();

    /// <summary>Finds the session for a write at an endpoint, and opens it if there is none.</summary>
    /// <returns>Null if the server knows no sessions.</returns>
    /// <exception cref="RpcException">The endpoint could not be asked.</exception>
    public async ValueTask<WriteSession?> AtAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        if (IsKnown(endpoint, out WriteSession? session))
            return session;

        await _asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (IsKnown(endpoint, out session))
                return session;

            OpenSessionRequest request = new() { Probe = _current is not null };
            using AsyncUnaryCall<OpenSessionResponse> call = endpoint.Sessions.OpenAsync(
                request, new(CallRunner.RequireLeader(), cancellationToken: cancellationToken));
            OpenSessionResponse answer = await call.ResponseAsync.ConfigureAwait(false);
            if (!request.Probe)
                _current = new(answer.ClusterId, answer.Session);
            endpoint.Support = SessionSupport.Served;
            return _current;
        }
        catch (RpcException exception) when (Failure.Of(exception).Certainty is Certainty.Refused)
        {
            endpoint.Support = SessionSupport.NotServed;
            return null;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Lets go of a session that the cluster has forgotten, unless that was done already.</summary>
    public void Drop(WriteSession session) => Interlocked.CompareExchange(ref _current, null, session);

    private bool IsKnown(Endpoint endpoint, out WriteSession? session)
    {
        SessionSupport support = endpoint.Support;
        session = support is SessionSupport.Served ? _current : null;
        return session is not null || support is SessionSupport.NotServed;
    }
}
