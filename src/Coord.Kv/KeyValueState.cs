using Coord.Kv.Leases;
using Coord.Kv.Members;
using Coord.Kv.Mvcc;

namespace Coord.Kv;

/// <summary>All that commands make, and that a snapshot carries. Owned by the state machine; under its lock.</summary>
internal sealed class KeyValueState(MvccStore store)
{
    public MvccStore Store => store;

    public LeaseTable Leases { get; } = new();

    public AlarmSet Alarms { get; } = new();

    public MemberTable Members { get; } = new();

    /// <summary>Gets what the quota counts.</summary>
    public long UsedBytes => store.UsedBytes + Leases.UsedBytes;
}
