namespace Coord.Kv.Backup;

/// <summary>The names in a backup; see FORMAT.md.</summary>
internal static class BackupBuckets
{
    /// <summary>The buckets that etcd expects to be there and that say nothing here.</summary>
    public static readonly byte[][] Empty =
    [
        "alarm"u8.ToArray(),
        "authRoles"u8.ToArray(),
        "authUsers"u8.ToArray(),
        "members"u8.ToArray(),
        "members_removed"u8.ToArray(),
    ];

    public static ReadOnlySpan<byte> Key => "key"u8;

    public static ReadOnlySpan<byte> Meta => "meta"u8;

    public static ReadOnlySpan<byte> Lease => "lease"u8;

    public static ReadOnlySpan<byte> Cluster => "cluster"u8;

    public static ReadOnlySpan<byte> Auth => "auth"u8;

    public static ReadOnlySpan<byte> AuthEnabled => "authEnabled"u8;

    public static ReadOnlySpan<byte> AuthRevision => "authRevision"u8;

    public static ReadOnlySpan<byte> ConsistentIndex => "consistent_index"u8;

    public static ReadOnlySpan<byte> FinishedCompaction => "finishedCompactRev"u8;

    public static ReadOnlySpan<byte> ScheduledCompaction => "scheduledCompactRev"u8;

    /// <summary>
    /// Gets the name of our own mark: the compacted revision, if all changes of that revision are in the file. etcd
    /// drops some of them; a file that passed through it has another compacted revision by then, or still all of them.
    /// </summary>
    public static ReadOnlySpan<byte> ChangesFrom => "coord_changes_from"u8;

    public static ReadOnlySpan<byte> ClusterVersion => "clusterVersion"u8;

    public static ReadOnlySpan<byte> ClusterVersionValue => "3.4.0"u8;
}
