using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;
using LeaseStatus = Coord.Protocol.Etcd.LeaseStatus;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Lease service, whatever carried the request.</summary>
internal sealed class LeaseHandler(EtcdMember member)
{
    private const long MaxSeconds = 9_000_000_000;

    /// <exception cref="EtcdException">The time to live is too long. What the store throws passes through.</exception>
    public async ValueTask<LeaseGrantResponse> GrantAsync(
        LeaseGrantRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        if (request.TTL > MaxSeconds)
            throw EtcdError.LeaseTtlTooLarge.ToException();
        if (request.ID == 0 && !ticket.IsNone)
            throw EtcdError.LeaseWithoutId.ToException();

        // No time and less than none are raised to the store's minimum, like all that is too short.
        TimeSpan timeToLive = TimeSpan.FromSeconds(Math.Max(request.TTL, 0));
        LeaseGrant grant = await member.Store.InSession(ticket)
            .GrantLeaseAsync(timeToLive, new LeaseId(request.ID), cancellationToken)
            .ConfigureAwait(false);
        return new LeaseGrantResponse
        {
            Header = member.Header(grant.Revision),
            ID = grant.Id.Value,
            TTL = Seconds(grant.TimeToLive),
        };
    }

    /// <exception cref="LeaseNotFoundException">There is no such lease.</exception>
    public async ValueTask<LeaseRevokeResponse> RevokeAsync(
        LeaseRevokeRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        Revision revision = await member.Store.InSession(ticket)
            .RevokeLeaseAsync(new LeaseId(request.ID), cancellationToken)
            .ConfigureAwait(false);
        return new LeaseRevokeResponse { Header = member.Header(revision) };
    }

    /// <summary>Answers one request of the stream of keep-alives.</summary>
    public async ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        // The header is made first: a client must not see a lease renewed "at" a revision that removed its keys.
        LeaseKeepAliveResponse response = new() { Header = member.Header(), ID = request.ID };
        try
        {
            TimeSpan timeToLive = await member.Store
                .KeepLeaseAliveAsync(new LeaseId(request.ID), cancellationToken)
                .ConfigureAwait(false);
            response.TTL = Seconds(timeToLive);
        }
        catch (LeaseNotFoundException)
        {
            // Zero is how the protocol says that the lease is gone; an error would end the stream of all others.
            response.TTL = 0;
        }

        return response;
    }

    public async ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(
        LeaseTimeToLiveRequest request, CancellationToken cancellationToken)
    {
        Kv.LeaseStatus? status = await member.Store
            .GetLeaseAsync(new LeaseId(request.ID), request.Keys, cancellationToken)
            .ConfigureAwait(false);
        if (status is null)
            return new LeaseTimeToLiveResponse { Header = member.Header(), ID = request.ID, TTL = -1 };

        LeaseTimeToLiveResponse response = new()
        {
            Header = member.Header(status.Revision),
            ID = request.ID,
            TTL = Seconds(status.Remaining),
            GrantedTTL = Seconds(status.GrantedTimeToLive),
        };
        foreach (ReadOnlyMemory<byte> key in status.Keys)
            response.Keys.Add(Wire.Bytes(key));
        return response;
    }

    public async ValueTask<LeaseLeasesResponse> LeasesAsync(
        LeaseLeasesRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        IReadOnlyList<LeaseId> leases = await member.Store.ListLeasesAsync(cancellationToken).ConfigureAwait(false);
        LeaseLeasesResponse response = new() { Header = member.Header() };
        foreach (LeaseId lease in leases)
            response.Leases.Add(new LeaseStatus { ID = lease.Value });
        return response;
    }

    private static long Seconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerSecond;
}
