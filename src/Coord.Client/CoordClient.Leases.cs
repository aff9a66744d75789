using System.Buffers.Binary;
using System.Security.Cryptography;
using Coord.Client.Calls;
using Coord.Client.Mapping;
using Coord.Kv;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client;

public sealed partial class CoordClient
{
    /// <inheritdoc/>
    public async ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // A server would choose another id at each attempt, and the first one's lease would be nobody's.
            LeaseId chosen = id.IsNone ? ChooseLeaseId() : id;
            Wire.LeaseGrantRequest request = new() { TTL = Requests.WholeSeconds(timeToLive), ID = chosen.Value };
            try
            {
                Wire.LeaseGrantResponse response = await WriteAsync(
                    request,
                    (endpoint, call) => endpoint.Leases.LeaseGrantAsync(request, call),
                    [chosen],
                    0,
                    cancellationToken).ConfigureAwait(false);
                Observe(response.Header);
                return new(chosen, TimeSpan.FromSeconds(response.TTL), FromWire.Revision(response.Header));
            }
            catch (LeaseExistsException) when (id.IsNone)
            {
                // One in 2^63 and somebody has it.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default)
    {
        Wire.LeaseRevokeRequest request = new() { ID = id.Value };
        Wire.LeaseRevokeResponse response = await WriteAsync(
            request,
            (endpoint, call) => endpoint.Leases.LeaseRevokeAsync(request, call),
            [id],
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return FromWire.Revision(response.Header);
    }

    /// <inheritdoc/>
    public ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        _keepAlives.KeepAliveAsync(id, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default)
    {
        Wire.LeaseTimeToLiveRequest request = new() { ID = id.Value, Keys = includeKeys };
        Wire.LeaseTimeToLiveResponse response = await ReadAsync(
            request,
            (endpoint, call) => endpoint.Leases.LeaseTimeToLiveAsync(request, call),
            true,
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        if (response.TTL < 0)
            return null;

        return new(
            id,
            TimeSpan.FromSeconds(response.GrantedTTL),
            TimeSpan.FromSeconds(response.TTL),
            [.. response.Keys.Select(key => key.Memory).OrderBy(key => key, KeyOrder.Instance)],
            FromWire.Revision(response.Header));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default)
    {
        Wire.LeaseLeasesRequest request = new();
        Wire.LeaseLeasesResponse response = await ReadAsync(
            request,
            (endpoint, call) => endpoint.Leases.LeaseLeasesAsync(request, call),
            true,
            0,
            cancellationToken).ConfigureAwait(false);
        Observe(response.Header);
        return [.. response.Leases.Select(lease => lease.ID).Order().Select(id => new LeaseId(id))];
    }

    private static LeaseId ChooseLeaseId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return new(Math.Max(1, BinaryPrimitives.ReadInt64LittleEndian(bytes) & long.MaxValue));
    }

    /// <summary>Orders keys by their bytes.</summary>
    private sealed class KeyOrder : IComparer<ReadOnlyMemory<byte>>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceCompareTo(y.Span);
    }
}
