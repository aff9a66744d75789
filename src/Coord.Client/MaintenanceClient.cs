using Coord.Client.Calls;
using Coord.Client.Mapping;
using Coord.Kv;
using Coord.Raft;
using Grpc.Core;
using Wire = Coord.Protocol.Etcd;

namespace Coord.Client;

/// <summary>What operators do to members, and ask them. Thread-safe.</summary>
/// <remarks>
/// What is about one member takes the name of its endpoint, as the options have it; null is the endpoint in use.
/// Those calls are not repeated elsewhere.
/// </remarks>
public sealed class MaintenanceClient
{
    private readonly CoordClient _client;

    internal MaintenanceClient(CoordClient client) => _client = client;

    /// <summary>Asks a member how it is. It answers without a quorum too.</summary>
    /// <param name="endpoint">Which member; the one in use if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The client has no such endpoint.</exception>
    /// <exception cref="CoordException">It does not answer.</exception>
    public async ValueTask<MemberStatus> GetStatusAsync(
        string? endpoint = null, CancellationToken cancellationToken = default)
    {
        Wire.StatusResponse response = await _client.AtAsync(
            endpoint, (at, call) => at.Maintenance.StatusAsync(new(), call), false, 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
        return new(
            new(
                new(response.Header.ClusterId),
                new(response.Header.MemberId),
                new(response.Header.Revision),
                new((long)response.Header.RaftTerm)),
            response.Version,
            response.DbSize,
            response.DbSizeInUse,
            response.DbSizeQuota,
            new(response.Leader),
            new((long)response.RaftIndex),
            new((long)response.RaftAppliedIndex),
            new((long)response.RaftTerm),
            response.IsLearner,
            [.. response.Errors]);
    }

    /// <summary>Lists the alarms that are on.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum.</exception>
    public ValueTask<IReadOnlyList<Alarm>> ListAlarmsAsync(CancellationToken cancellationToken = default) =>
        AlarmAsync(Wire.AlarmRequest.Types.AlarmAction.Get, default, cancellationToken);

    /// <summary>Raises an alarm on all members.</summary>
    /// <param name="alarm">Which, and in whose name.</param>
    /// <param name="cancellationToken">Stops waiting; it may be raised all the same.</param>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public async ValueTask RaiseAlarmAsync(Alarm alarm, CancellationToken cancellationToken = default) =>
        await AlarmAsync(Wire.AlarmRequest.Types.AlarmAction.Activate, alarm, cancellationToken).ConfigureAwait(false);

    /// <summary>Disarms an alarm on all members.</summary>
    /// <param name="alarm">Which, of which member.</param>
    /// <param name="cancellationToken">Stops waiting; it may be disarmed all the same.</param>
    /// <returns>The alarms that were on and no longer are.</returns>
    /// <exception cref="CoordException">It was refused, or the outcome is unknown.</exception>
    public ValueTask<IReadOnlyList<Alarm>> DisarmAlarmAsync(
        Alarm alarm, CancellationToken cancellationToken = default) =>
        AlarmAsync(Wire.AlarmRequest.Types.AlarmAction.Deactivate, alarm, cancellationToken);

    /// <summary>Computes the checksum of a member's copy.</summary>
    /// <param name="revision">Up to which revision; zero for the present one.</param>
    /// <param name="endpoint">Which member; the one in use if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The client has no such endpoint.</exception>
    /// <exception cref="CompactedException">The revision has been compacted.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    /// <exception cref="CoordException">It does not answer.</exception>
    public async ValueTask<KeyValueHash> HashAsync(
        Revision revision = default, string? endpoint = null, CancellationToken cancellationToken = default)
    {
        Wire.HashKVRequest request = new() { Revision = revision.Value };
        Wire.HashKVResponse response = await _client.AtAsync(
            endpoint,
            (at, call) => at.Maintenance.HashKVAsync(request, call),
            false,
            revision.Value,
            cancellationToken).ConfigureAwait(false);
        _client.Observe(response.Header);
        Revision current = FromWire.Revision(response.Header);
        Revision hashed = response.HashRevision > 0 ? new(response.HashRevision)
            : revision.IsZero ? current : revision;
        return new(response.Hash, hashed, new(response.CompactRevision), current);
    }

    /// <summary>Gives space back that a member does not use. It may not answer others meanwhile.</summary>
    /// <param name="endpoint">Which member; the one in use if null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The client has no such endpoint.</exception>
    /// <exception cref="CoordException">It failed, or does not answer.</exception>
    public async ValueTask DefragmentAsync(string? endpoint = null, CancellationToken cancellationToken = default) =>
        await _client.AtAsync(
            endpoint, (at, call) => at.Maintenance.DefragmentAsync(new(), call), true, 0, cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Hands the leadership to another member.</summary>
    /// <param name="target">Who shall lead.</param>
    /// <param name="endpoint">The endpoint of the leader; the one in use if null.</param>
    /// <param name="cancellationToken">Stops waiting; it may happen all the same.</param>
    /// <exception cref="ArgumentException">The client has no such endpoint.</exception>
    /// <exception cref="CoordException">The member does not lead, or the target cannot.</exception>
    public async ValueTask MoveLeaderAsync(
        NodeId target, string? endpoint = null, CancellationToken cancellationToken = default)
    {
        Wire.MoveLeaderRequest request = new() { TargetID = target.Value };
        Wire.MoveLeaderResponse response = await _client.AtAsync(
            endpoint, (at, call) => at.Maintenance.MoveLeaderAsync(request, call), true, 0, cancellationToken)
            .ConfigureAwait(false);
        _client.Observe(response.Header);
    }

    /// <summary>Writes a snapshot of a member's store, as the server makes it.</summary>
    /// <param name="destination">Takes the bytes; incomplete if this throws.</param>
    /// <param name="endpoint">Which member; the one in use if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many bytes it has. The last 32 are the SHA-256 of those before; it is not checked here.</returns>
    /// <exception cref="ArgumentException">The client has no such endpoint.</exception>
    /// <exception cref="CoordException">It broke off, or the member does not answer.</exception>
    public async ValueTask<long> SaveSnapshotAsync(
        Stream destination, string? endpoint = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        try
        {
            using AsyncServerStreamingCall<Wire.SnapshotResponse> call = _client.EndpointOf(endpoint).Maintenance
                .Snapshot(new(), new(cancellationToken: cancellationToken));
            long written = 0;
            ulong remaining = 0;
            while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                Wire.SnapshotResponse part = call.ResponseStream.Current;
                await destination.WriteAsync(part.Blob.Memory, cancellationToken).ConfigureAwait(false);
                written += part.Blob.Length;
                remaining = part.RemainingBytes;
            }

            return remaining == 0 ? written : throw new CoordServerException(
                StatusCode.DataLoss,
                $"The snapshot broke off {remaining} bytes before its end.",
                Outcome.DidNotHappen);
        }
        catch (RpcException exception)
        {
            throw Refusals.Other(exception);
        }
    }

    private async ValueTask<IReadOnlyList<Alarm>> AlarmAsync(
        Wire.AlarmRequest.Types.AlarmAction action, Alarm alarm, CancellationToken cancellationToken)
    {
        Wire.AlarmRequest request = new()
        {
            Action = action,
            MemberID = alarm.Member.Value,
            Alarm = (Wire.AlarmType)alarm.Kind,
        };
        Wire.AlarmResponse response = action is Wire.AlarmRequest.Types.AlarmAction.Get
            ? await _client.ReadAsync(
                request, (at, call) => at.Maintenance.AlarmAsync(request, call), true, 0, cancellationToken)
                .ConfigureAwait(false)
            : await _client.WriteAsync(
                request, (at, call) => at.Maintenance.AlarmAsync(request, call), [], 0, cancellationToken)
                .ConfigureAwait(false);
        _client.Observe(response.Header);
        return [.. response.Alarms.Select(raised => new Alarm(new(raised.MemberID), (AlarmKind)raised.Alarm))];
    }
}
