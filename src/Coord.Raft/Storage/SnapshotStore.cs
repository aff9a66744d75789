namespace Coord.Raft.Storage;

/// <summary>Keeps the newest two snapshots of a member, and the one that is being received.</summary>
internal sealed class SnapshotStore
{
    /// <summary>Opens the store and removes what a crash left behind.</summary>
    public static SnapshotStore Open(IFileSystem fileSystem, string directory) => throw new NotSupportedException();

    /// <summary>Gets the newest snapshot, or null if there is none.</summary>
    public SnapshotMetadata? Latest => throw new NotSupportedException();

    /// <summary>Gets the snapshots with an intact header and footer, newest first.</summary>
    public IReadOnlyList<SnapshotMetadata> Usable => throw new NotSupportedException();

    /// <summary>Starts a snapshot; it counts for nothing before it is committed.</summary>
    public SnapshotWriter Create(SnapshotMetadata snapshot) => throw new NotSupportedException();

    /// <summary>Opens the payload of a snapshot. Reading checks every chunk.</summary>
    public Stream OpenRead(SnapshotMetadata snapshot) => throw new NotSupportedException();

    /// <summary>Opens the file of a snapshot as it is, for sending.</summary>
    public SnapshotFile OpenRaw(SnapshotMetadata snapshot) => throw new NotSupportedException();

    /// <summary>Starts receiving a snapshot's file, or goes on where an earlier attempt ended.</summary>
    /// <returns>A receiver, whose <see cref="SnapshotReceiver.Offset"/> says what is wanted next.</returns>
    public SnapshotReceiver OpenPartial(EntryId lastIncluded, long totalBytes) => throw new NotSupportedException();
}
