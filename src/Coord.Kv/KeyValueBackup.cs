using Coord.Kv.Backup;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>A backup of a key-value store: one of Coord's, or a snapshot of etcd's; the format is one.</summary>
/// <remarks>
/// The file is read through and checked when it is opened, in bounded memory, and stays open until it is disposed. It
/// must not be changed meanwhile. Backups are made by <see cref="EmbeddedKeyValueStore.BackupAsync"/> and by
/// <c>etcdctl snapshot save</c>.
/// </remarks>
public sealed class KeyValueBackup : IDisposable
{
    private readonly BackupReader _reader;

    private KeyValueBackup(BackupReader reader) => _reader = reader;

    /// <summary>Gets the checksum that <c>etcdctl snapshot status</c> prints.</summary>
    public uint Hash => _reader.Hash;

    /// <summary>Gets the revision of the newest version in it, as etcd's tools print it; zero if it has none.</summary>
    public Revision Revision => new(_reader.LastRevision);

    /// <summary>Gets the oldest revision that could be read from the store; zero if nothing was compacted.</summary>
    public Revision CompactedRevision => new(_reader.CompactedRevision);

    /// <summary>Gets a value indicating whether only some clients could read and write the store it is of.</summary>
    public bool IsAuthenticationEnabled => _reader.IsAuthenticationEnabled;

    /// <summary>Gets how many entries it has, as etcd's tools print it: versions, and a few that describe.</summary>
    public long TotalKeys => _reader.TotalKeys;

    /// <summary>Gets the size of its content, as etcd's tools print it.</summary>
    public long TotalBytes => _reader.TotalBytes;

    /// <summary>Opens a backup and checks all of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="requireDigest">
    /// Whether a file without a digest at its end is refused. A copy of etcd's database file has none; its structure is
    /// checked all the same.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">It is no backup, or damaged; the message says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static KeyValueBackup Open(
        string path, bool requireDigest = true, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(BackupReader.Open(path, requireDigest, cancellationToken));
    }

    /// <summary>Reads all versions that are in it, deletions included, in the order they were made.</summary>
    /// <exception cref="InvalidDataException">The file was changed since it was opened.</exception>
    public IEnumerable<WatchEvent> ReadVersions() => _reader.ReadVersions();

    /// <summary>
    /// Makes the data directory of one member of a new cluster that begins with this state. A node with the same
    /// options then starts on it.
    /// </summary>
    /// <param name="member">
    /// What the node will be. The directory must be absent or empty. All initial members of the cluster are restored
    /// from the same file, each under its own id, and with the same restore options.
    /// </param>
    /// <param name="options">What becomes of the revisions; kept as they are if null.</param>
    /// <param name="cancellationToken">Gives up; there is no directory then.</param>
    /// <exception cref="ArgumentException">
    /// An option is wrong, or <see cref="KeyValueRestoreOptions.DropAuthentication"/> would have to be set.
    /// </exception>
    /// <exception cref="DataDirectoryException">The directory is in use; nothing was changed.</exception>
    /// <exception cref="InvalidDataException">The file was changed since it was opened.</exception>
    /// <exception cref="IOException">A file operation failed; see <see cref="RaftBootstrap.Create"/>.</exception>
    public void Restore(
        RaftOptions member, KeyValueRestoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfNegative(options.RevisionBump, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.RevisionBump, RevisionKey.MaxRevision, nameof(options));
        if (IsAuthenticationEnabled && !options.DropAuthentication)
        {
            throw new ArgumentException(
                "The backup is of a store with authentication on, and users and roles are not restored: anybody who "
                + "reaches the new cluster could read and write all of it. Allow that explicitly.",
                nameof(options));
        }

        RaftBootstrap.Create(member, state => WriteState(state, options, cancellationToken));
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    /// <summary>Writes what the state machine would write as a snapshot.</summary>
    internal void WriteState(Stream destination, KeyValueRestoreOptions options, CancellationToken cancellationToken)
    {
        using BackupRestorer restorer = new(_reader, options, destination, Path.GetTempPath(), cancellationToken);
        restorer.Write();
    }
}
