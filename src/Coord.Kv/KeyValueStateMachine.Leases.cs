using Coord.Kv.Leases;

namespace Coord.Kv;

/// <content>Leases, alarms and members as this member has them.</content>
public sealed partial class KeyValueStateMachine
{
    internal LeaseStatus? FindLease(long id, bool includeKeys)
    {
        lock (_lock)
        {
            if (_state.Leases.Find(id) is not { } lease)
                return null;

            ReadOnlyMemory<byte>[] keys = includeKeys
                ? Array.ConvertAll(LeaseTable.KeysOf(lease), key => (ReadOnlyMemory<byte>)key)
                : [];
            return new(
                new(id),
                TimeSpan.FromSeconds(lease.GrantedSeconds),
                TimeSpan.FromTicks(Math.Max(0, lease.Deadline - Now)),
                keys,
                new(_state.Store.Revision));
        }
    }

    internal LeaseId[] ListLeases()
    {
        lock (_lock)
            return _state.Leases.List();
    }

    internal bool IsAnyLeaseDue()
    {
        lock (_lock)
            return _state.Leases.IsAnyDue(Now);
    }

    internal void CollectDueLeases(int maxKeys, int maxLeases, List<long> pairs)
    {
        pairs.Clear();
        lock (_lock)
            _state.Leases.CollectDue(Now, maxKeys, maxLeases, pairs);
    }

    internal void CollectLeaseCheckpoints(int maxLeases, List<long> triples)
    {
        triples.Clear();
        lock (_lock)
            _state.Leases.CollectCheckpoints(Now, maxLeases, triples);
    }

    internal void LiftLeases(long least)
    {
        lock (_lock)
            _state.Leases.LiftDeadlines(Now, least);
    }

    internal Alarm[] ListAlarms()
    {
        lock (_lock)
            return _state.Alarms.List();
    }

    internal MemberInfo[] ListMembers()
    {
        lock (_lock)
            return _state.Members.List();
    }
}
