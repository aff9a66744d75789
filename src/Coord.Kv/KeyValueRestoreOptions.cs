namespace Coord.Kv;

/// <summary>What a restored store changes about its revisions, for clients that saw the store go further.</summary>
public sealed class KeyValueRestoreOptions
{
    /// <summary>Gets or sets how many revisions are skipped.</summary>
    /// <value>Zero by default; not negative.</value>
    /// <remarks>
    /// Clients that cache by revision, such as Kubernetes', must never see a revision twice with different contents.
    /// Give more than the old cluster can have made since the backup. All history up to the new revision counts as
    /// compacted then, since the skipped revisions have none.
    /// </remarks>
    public long RevisionBump { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether a store is restored of which only some clients could read and write.
    /// </summary>
    /// <value>False by default: a backup of etcd with authentication on is refused.</value>
    /// <remarks>Users and roles are not restored. With them goes what kept others from the data.</remarks>
    public bool DropAuthentication { get; set; }

    /// <summary>Gets or sets a value indicating whether all history counts as compacted.</summary>
    /// <value>False by default: what the backup has of it is kept.</value>
    /// <remarks>Watches that go on from a revision of the old cluster then end, and their clients read anew.</remarks>
    public bool MarkCompacted { get; set; }
}
