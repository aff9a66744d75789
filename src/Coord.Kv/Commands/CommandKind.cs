namespace Coord.Kv.Commands;

/// <summary>What a command does; see FORMAT.md.</summary>
internal enum CommandKind : byte
{
    None = 0,
    Put = 1,
    Delete = 2,
    Compact = 3,
    Transaction = 4,
    GrantLease = 5,
    RevokeLease = 6,
    KeepLeasesAlive = 7,
    ExpireLeases = 8,
    CheckpointLeases = 9,
    RaiseAlarm = 10,
    DisarmAlarm = 11,
    PublishMember = 12,
    ForgetMember = 13,
    StepCompaction = 14,
}
