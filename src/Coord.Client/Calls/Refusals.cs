using Coord.Client.Connections;
using Coord.Client.Mapping;
using Coord.Kv;
using Coord.Raft;
using Grpc.Core;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client.Calls;

/// <summary>Turns what the server refused into the store's exceptions. etcd's words are its protocol.</summary>
/// <remarks>What an exception tells besides, such as the oldest revision, the server is asked for.</remarks>
internal sealed class Refusals(CallRunner calls, EndpointPool pool, CoordClientOptions options, TimeProvider clock)
{
    private const string Mvcc = "etcdserver: mvcc: ";
    private const int EtcdMaxRequestBytes = 1536 * 1024;

    /// <param name="exception">The refusal.</param>
    /// <param name="leases">The leases that the request names.</param>
    /// <param name="asked">The revision that the request names.</param>
    /// <param name="requestBytes">How large the request was.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<Exception> ToExceptionAsync(
        RpcException exception,
        IReadOnlyList<LeaseId> leases,
        long asked,
        int requestBytes,
        CancellationToken cancellationToken)
    {
        string text = exception.Status.Detail;
        switch (text)
        {
            case Mvcc + "required revision has been compacted":
                return new CompactedException(await OldestAsync(asked, cancellationToken).ConfigureAwait(false));
            case Mvcc + "required revision is a future revision":
                return new FutureRevisionException(await CurrentAsync(cancellationToken).ConfigureAwait(false));
            case Mvcc + "database space exceeded":
                return new SpaceExceededException(await UsedBytesAsync(cancellationToken).ConfigureAwait(false));
            case "etcdserver: requested lease not found":
                return new LeaseNotFoundException(await MissingAsync(leases, cancellationToken).ConfigureAwait(false));
            case "etcdserver: lease already exists": return new LeaseExistsException(leases[0]);
            case "etcdserver: key not found": return new KeyMissingException();
            case "etcdserver: corrupt cluster": return new StoreCorruptException();
            case "etcdserver: too large lease TTL": return new ArgumentOutOfRangeException(null, text);
            case "etcdserver: request is too large":
                return new RequestTooLargeException("The request", requestBytes, EtcdMaxRequestBytes);
            case "etcdserver: key is not provided" or "etcdserver: value is provided"
                or "etcdserver: lease is provided" or "etcdserver: too many operations in txn request"
                or "etcdserver: duplicate key given in txn request" or "etcdserver: invalid sort option":
                return new ArgumentException(text, paramName: null, exception);
            default: return Other(exception);
        }
    }

    /// <summary>Tells whether the store itself refused, by what it holds: the same on every member.</summary>
    public static bool IsOfTheStore(string text) =>
        text.StartsWith(Mvcc, StringComparison.Ordinal)
        || text is "etcdserver: requested lease not found" or "etcdserver: lease already exists"
            or "etcdserver: key not found" or "etcdserver: corrupt cluster" or "etcdserver: request is too large";

    public static CoordServerException Other(RpcException exception)
    {
        // What has no status of its own may have come up anywhere on the way, after the log too.
        Outcome outcome = exception.StatusCode is StatusCode.Unknown or StatusCode.Internal or StatusCode.Aborted
            ? Outcome.Unknown : Outcome.DidNotHappen;
        return new(exception.StatusCode, exception.Status.Detail, outcome, exception);
    }

    /// <summary>The status does not have the oldest revision; a watch that is too late is told it.</summary>
    private async ValueTask<Revision> OldestAsync(long asked, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(options.RequestTimeout, clock);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse> call =
                pool.Current.Watches.Watch(new(cancellationToken: both.Token));
            await call.RequestStream.WriteAsync(
                ToWire.Watch(KeyRange.Single("\0"), new(), 0, 1), both.Token).ConfigureAwait(false);
            while (await call.ResponseStream.MoveNext(both.Token).ConfigureAwait(false))
            {
                if (call.ResponseStream.Current.CompactRevision is > 0 and long oldest)
                    return new(oldest);
            }
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return new(asked + 1);
    }

    private async ValueTask<Revision> CurrentAsync(CancellationToken cancellationToken)
    {
        Wire.RangeRequest any = new() { Key = ToWire.Bytes(new byte[1]), CountOnly = true };
        Wire.RangeResponse answer = await calls.ReadAsync(
            (endpoint, call) => endpoint.KeyValues.RangeAsync(any, call), true, cancellationToken)
            .ConfigureAwait(false);
        return FromWire.Revision(answer.Header);
    }

    private async ValueTask<long> UsedBytesAsync(CancellationToken cancellationToken)
    {
        try
        {
            Wire.StatusResponse status = await calls.ReadAsync(
                (endpoint, call) => endpoint.Maintenance.StatusAsync(new(), call), false, cancellationToken)
                .ConfigureAwait(false);
            return status.DbSizeInUse > 0 ? status.DbSizeInUse : status.DbSize;
        }
        catch (Exception exception) when (exception is RpcException or CoordException)
        {
            return 0;
        }
    }

    /// <summary>The refusal does not say which lease is missing; of several, the server is asked for each.</summary>
    private async ValueTask<LeaseId> MissingAsync(IReadOnlyList<LeaseId> leases, CancellationToken cancellationToken)
    {
        if (leases.Count > 1)
        {
            foreach (LeaseId lease in leases)
            {
                Wire.LeaseTimeToLiveResponse answer = await calls.ReadAsync(
                    (endpoint, call) => endpoint.Leases.LeaseTimeToLiveAsync(new() { ID = lease.Value }, call),
                    true,
                    cancellationToken).ConfigureAwait(false);
                if (answer.TTL < 0)
                    return lease;
            }
        }

        return leases.Count > 0 ? leases[0] : default;
    }
}
