using System.Security.Cryptography;
using Coord.Kv.Backup;
using Coord.Raft;

namespace Coord.Kv;

/// <content>Backups: what this member has at one moment, as a file that etcd's tools understand too.</content>
public sealed partial class EmbeddedKeyValueStore
{
    /// <summary>How many backups are made or read at a time: each takes as much room on disk as the store.</summary>
    internal const int MaxOpenBackups = 4;

    private const int CopyBytes = 256 * 1024;

    private int _openBackups;

    /// <summary>Writes a backup of this member's copy: all versions since the compaction, and the leases.</summary>
    /// <param name="destination">Where to; written from its present position on.</param>
    /// <param name="cancellationToken">Gives up; what was written is of no use.</param>
    /// <remarks>
    /// It is the state of the moment when it begins; commands go on meanwhile. It needs room for the whole backup, and
    /// for the keys once more, in the directory for temporary files. See <see cref="KeyValueBackup"/> for reading it.
    /// </remarks>
    /// <exception cref="ProposalDroppedException">Four backups are being made or read; try again shortly.</exception>
    /// <exception cref="IOException">A file operation failed.</exception>
    public async Task BackupAsync(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Stream backup = await OpenBackupAsync(cancellationToken).ConfigureAwait(false);
        await using (backup.ConfigureAwait(false))
            await backup.CopyToAsync(destination, CopyBytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a backup as <see cref="BackupAsync"/> does, to be read, with a known length.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The backup at its beginning; the caller disposes it, and with it the file that holds it.</returns>
    /// <exception cref="ProposalDroppedException">Four backups are being made or read; try again shortly.</exception>
    /// <exception cref="IOException">A file operation failed.</exception>
    public async Task<Stream> OpenBackupAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Increment(ref _openBackups) > MaxOpenBackups)
        {
            CloseBackup();
            throw new ProposalDroppedException("Too many backups are made or read at this member; try again shortly.");
        }

        try
        {
            // It is a matter of seconds, during which the caller's thread has better things to do.
            string directory = Path.GetTempPath();
            FileStream file = await Task.Run(() => CreateBackup(directory, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            return new BackupStream(file, CloseBackup);
        }
        catch
        {
            CloseBackup();
            throw;
        }
    }

    private void CloseBackup() => Interlocked.Decrement(ref _openBackups);

    private FileStream CreateBackup(string directory, CancellationToken cancellationToken)
    {
        FileStream file = TemporaryFile.Create(directory);
        try
        {
            using (IStateCapture capture = _stateMachine.Capture())
            using (BackupWriter writer = new(file, directory, cancellationToken))
            using (BackupFeed feed = new(writer))
            {
                capture.WriteTo(feed, cancellationToken);
                if (!feed.IsWhole)
                    throw new InvalidDataException("The snapshot for the backup ended too early.");
                writer.End();
            }

            AppendDigest(file, cancellationToken);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds the digest of all there is, and goes back to the beginning.</summary>
    private static void AppendDigest(FileStream file, CancellationToken cancellationToken)
    {
        file.Position = 0;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[CopyBytes];
        for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        file.Write(hash.GetHashAndReset());
        file.Flush();
        file.Position = 0;
    }
}
