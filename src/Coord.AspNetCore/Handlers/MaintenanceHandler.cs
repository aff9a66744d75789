using System.Security.Cryptography;
using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;
using Google.Protobuf;
using AlarmAction = Coord.Protocol.Etcd.AlarmRequest.Types.AlarmAction;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Maintenance service, whatever carried the request.</summary>
internal sealed class MaintenanceHandler(EtcdMember member)
{
    private const int SnapshotChunkBytes = 32 * 1024;

    /// <summary>Lists, raises and disarms alarms. The answer has no header, as in etcd.</summary>
    public async ValueTask<AlarmResponse> AlarmAsync(AlarmRequest request, CancellationToken cancellationToken)
    {
        AlarmResponse response = new();
        if (!Enum.IsDefined(request.Alarm))
            throw EtcdError.UnknownAlarm.ToException(); // etcd raises whatever it is told; nobody could say what for.

        Alarm alarm = new(new NodeId(request.MemberID), (AlarmKind)(int)request.Alarm);
        switch (request.Action)
        {
            case AlarmAction.Get:
                // etcd sends this through its log; here a barrier gives the same guarantee.
                await member.Node.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
                Add(member.Store.Alarms.Where(raised => alarm.Kind is AlarmKind.None || raised.Kind == alarm.Kind));
                break;
            case AlarmAction.Activate when alarm.Kind is not AlarmKind.None:
                await member.Store.RaiseAlarmAsync(alarm, cancellationToken).ConfigureAwait(false);
                Add([alarm]);
                break;
            case AlarmAction.Deactivate:
                Add(await member.Store.DisarmAlarmAsync(alarm, cancellationToken).ConfigureAwait(false));
                break;
            default:
                break;
        }

        return response;

        void Add(IEnumerable<Alarm> alarms) => response.Alarms.AddRange(alarms.Select(
            raised => new AlarmMember { MemberID = raised.Member.Value, Alarm = (AlarmType)(int)raised.Kind }));
    }

    /// <summary>Tells how this member stands; needs nobody else.</summary>
    public StatusResponse Status()
    {
        RaftStatus raft = member.Node.Status;
        KeyValueStatus store = member.Store.Status;
        StatusResponse response = new()
        {
            Header = member.Header(store.Revision),
            Version = member.Options.ServerVersion,
            DbSize = Math.Max(store.AllocatedBytes, store.UsedBytes),
            DbSizeInUse = store.UsedBytes,
            Leader = raft.Leader.Value,
            RaftIndex = (ulong)raft.Commit.Value,
            RaftTerm = (ulong)raft.Term.Value,
            RaftAppliedIndex = (ulong)raft.Applied.Value,
            IsLearner = member.IsLearner,
        };
        if (raft.Leader.IsNone)
            response.Errors.Add(EtcdError.NoLeader.Text);
        foreach (Alarm alarm in member.Store.Alarms)
            response.Errors.Add($"memberID:{alarm.Member.Value} alarm:{Word(alarm.Kind)} ");
        return response;
    }

    /// <summary>Succeeds: space is used again without anybody asking for it. The answer is empty, as in etcd.</summary>
    public static DefragmentResponse Defragment() => new();

    public async ValueTask<HashResponse> HashAsync(CancellationToken cancellationToken)
    {
        KeyValueHash hash = await member.Store.HashAsync(default, cancellationToken).ConfigureAwait(false);
        return new HashResponse { Header = member.Header(hash.Revision), Hash = hash.Hash };
    }

    /// <exception cref="CompactedException">The revision has been compacted.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    public async ValueTask<HashKVResponse> HashKvAsync(HashKVRequest request, CancellationToken cancellationToken)
    {
        Revision revision = new(Math.Max(request.Revision, 0));
        KeyValueHash hash = await member.Store.HashAsync(revision, cancellationToken).ConfigureAwait(false);
        return new HashKVResponse
        {
            Header = member.Header(hash.Revision),
            Hash = hash.Hash,

            // "Never compacted" is -1 in etcd.
            CompactRevision = hash.CompactedRevision.IsZero ? -1 : hash.CompactedRevision.Value,
            HashRevision = hash.HashRevision.Value,
        };
    }

    /// <summary>Sends a snapshot: a backup of this member's copy in pieces, its digest as the last of them.</summary>
    /// <param name="write">Takes the pieces, one at a time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task SnapshotAsync(Func<SnapshotResponse, Task> write, CancellationToken cancellationToken)
    {
        Stream backup = await member.Store.OpenBackupAsync(cancellationToken).ConfigureAwait(false);
        await using (backup.ConfigureAwait(false))
        {
            // What remains is counted without the digest, as etcd counts it.
            long remaining = backup.Length - SHA256.HashSizeInBytes;
            while (remaining > 0)
            {
                int bytes = (int)Math.Min(remaining, SnapshotChunkBytes);
                remaining -= bytes;
                await write(await ReadPieceAsync(bytes).ConfigureAwait(false)).ConfigureAwait(false);
            }

            await write(await ReadPieceAsync(SHA256.HashSizeInBytes).ConfigureAwait(false)).ConfigureAwait(false);

            async Task<SnapshotResponse> ReadPieceAsync(int bytes)
            {
                // A fresh piece each time: the one before may still be on its way to the socket.
                byte[] piece = new byte[bytes];
                await backup.ReadExactlyAsync(piece, cancellationToken).ConfigureAwait(false);
                return new() { RemainingBytes = (ulong)remaining, Blob = UnsafeByteOperations.UnsafeWrap(piece) };
            }
        }
    }

    /// <exception cref="EtcdException">This member does not lead, or the target does not vote.</exception>
    public async ValueTask<MoveLeaderResponse> MoveLeaderAsync(
        MoveLeaderRequest request, CancellationToken cancellationToken)
    {
        if (member.Node.Status.Role is not RaftRole.Leader)
            throw EtcdError.NotLeader.ToException();

        NodeId target = new(request.TargetID);
        if (!member.Node.Status.Membership.IsVoter(target))
            throw EtcdError.BadLeaderTransferee.ToException();

        try
        {
            await member.Node.TransferLeadershipAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (MembershipChangeRefusedException exception)
        {
            throw EtcdError.BadLeaderTransferee.ToException(exception);
        }
        catch (NotLeaderException exception)
        {
            throw EtcdError.NotLeader.ToException(exception);
        }

        return new MoveLeaderResponse();
    }

    /// <exception cref="EtcdException">Always: there is no older version of this server to go back to.</exception>
    public static DowngradeResponse Downgrade(DowngradeRequest request) =>
        throw (request.Action is DowngradeRequest.Types.DowngradeAction.Cancel
            ? EtcdError.NoDowngradeInFlight
            : EtcdError.InvalidDowngradeTarget).ToException();

    /// <summary>The name of an alarm in the protocol.</summary>
    public static string Word(AlarmKind kind) => kind switch
    {
        AlarmKind.NoSpace => "NOSPACE",
        AlarmKind.Corrupt => "CORRUPT",
        _ => "NONE",
    };
}
