using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv.Commands;

/// <content>Leases: what the log says about them. When they end is for <see cref="LeaseTable"/> to know.</content>
internal sealed partial class CommandApplier
{
    private ApplyResult GrantLease(in Command command)
    {
        if (_state.Alarms.IsNoSpace)
            return Answer(CommandStatus.SpaceExceeded, _state.UsedBytes);
        if (_state.Leases.Contains(command.Lease))
            return Answer(CommandStatus.LeaseExists, command.Lease);
        if (!HasSpace(LeaseTable.CostBytes, command.Policy))
            return RefuseForSpace(command.Policy);

        _state.Leases.TryGrant(command.Lease, command.Number, _now);
        return new(Store.Revision);
    }

    private ApplyResult RevokeLease(in Command command)
    {
        if (_state.Leases.Find(command.Lease) is not { } lease)
            return Answer(CommandStatus.LeaseNotFound, command.Lease);

        EndLease(lease, command.Policy);
        return new(Store.Revision);
    }

    private ApplyResult KeepLeasesAlive(in Command command)
    {
        if (!CommandCodec.TryReadNumbers(command.Body, 1, _numbers))
            return Answer(CommandStatus.Malformed, 0);

        for (int i = 0; i < _numbers.Count; i++)
            _numbers[i] = _state.Leases.Renew(_numbers[i], _now);
        ResultCodec.WriteNumbers(StartResult(), _numbers);
        return EndResult();
    }

    private ApplyResult ExpireLeases(in Command command)
    {
        if (!CommandCodec.TryReadNumbers(command.Body, 2, _numbers))
            return Answer(CommandStatus.Malformed, 0);

        for (int i = 0; i < _numbers.Count; i += 2)
        {
            // A keep-alive that came first in the log changed the stamp, and wins.
            if (_state.Leases.Find(_numbers[i]) is { } lease
                && (lease.Stamp == _numbers[i + 1] || Mutants.ExpireRenewedLease))
            {
                EndLease(lease, command.Policy);
            }
        }

        return new(Store.Revision);
    }

    private ApplyResult CheckpointLeases(in Command command)
    {
        if (!CommandCodec.TryReadNumbers(command.Body, 3, _numbers))
            return Answer(CommandStatus.Malformed, 0);

        for (int i = 0; i < _numbers.Count; i += 3)
            _state.Leases.Checkpoint(_numbers[i], _numbers[i + 1], _numbers[i + 2], _now);
        return new(Store.Revision);
    }

    /// <summary>Deletes the keys of a lease in ascending order, at a revision of their own, and forgets it.</summary>
    private void EndLease(Lease lease, WritePolicy policy)
    {
        _versions.Clear();
        foreach (byte[] key in LeaseTable.KeysOf(lease))
        {
            Delete(KeyRange.Single(key), _versions);
            if (Mutants.LeaseKeysInManyRevisions && key.Length > 0)
                Commit(policy);
        }

        _versions.Clear();
        _state.Leases.Remove(lease);
        Commit(policy);
    }
}
