namespace Coord.Raft.Storage;

/// <summary>
/// Keeps the newest two snapshots of a member, those still to be loaded, and the one that is being received.
/// </summary>
/// <remarks>
/// A snapshot appears under its name only when it is whole and durable: contents synced, then renamed, then the
/// directory synced. The second newest stays, because the newest may turn out to be damaged when it is loaded; whoever
/// falls back to it needs a log that reaches back to it. Thread-safe; its writers, readers and receivers are not.
/// </remarks>
internal sealed class SnapshotStore
{
    private const int Kept = 2;

    private readonly IFileSystem _fileSystem;
    private readonly string _directory;
    private readonly Lock _lock = new();

    // Newest first; replaced, never changed.
    private IReadOnlyList<SnapshotMetadata> _usable = [];

    // How far the state machine is; everything, if nobody loads what is stored here.
    private long _loaded = long.MaxValue;

    // A buffer is large enough to count: one a snapshot was most of what a node allocated at all.
    private byte[]? _spareBuffer;

    private SnapshotStore(IFileSystem fileSystem, string directory)
    {
        _fileSystem = fileSystem;
        _directory = directory;
    }

    /// <summary>Gets the newest snapshot, or null if there is none.</summary>
    public SnapshotMetadata? Latest => Usable is [var latest, ..] ? latest : null;

    /// <summary>Gets the snapshots with an intact header, footer and size, newest first.</summary>
    public IReadOnlyList<SnapshotMetadata> Usable => Volatile.Read(ref _usable);

    /// <summary>Gets the files that look like snapshots and are damaged, each with what is wrong.</summary>
    public IReadOnlyList<string> Damaged { get; private set; } = [];

    /// <summary>Opens the store and removes what a crash left behind. Damaged snapshots stay for inspection.</summary>
    /// <exception cref="IOException">A file operation failed.</exception>
    public static SnapshotStore Open(IFileSystem fileSystem, string directory)
    {
        if (!fileSystem.DirectoryExists(directory))
            fileSystem.CreateDirectory(directory);

        SnapshotStore store = new(fileSystem, directory);
        store.Load();
        return store;
    }

    /// <summary>Hands out a chunk's buffer, the one of the snapshot before if it is back.</summary>
    internal byte[] TakeBuffer() =>
        Interlocked.Exchange(ref _spareBuffer, null)
        ?? new byte[SnapshotFormat.ChunkHeaderBytes + SnapshotFormat.MaxChunkBytes];

    /// <summary>Takes a buffer back.</summary>
    internal void ReturnBuffer(byte[] buffer) => Volatile.Write(ref _spareBuffer, buffer);

    /// <summary>Starts a snapshot; it counts for nothing before it is committed.</summary>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public SnapshotWriter Create(SnapshotMetadata snapshot)
    {
        string temporary = PathOf(snapshot.LastIncluded) + WalSegmentAllocator.TemporarySuffix;
        if (_fileSystem.FileExists(temporary))
            _fileSystem.Delete(temporary);

        return new SnapshotWriter(this, snapshot, _fileSystem.Open(temporary, FileAccessMode.CreateNew), temporary);
    }

    /// <summary>Opens the payload of a snapshot. Reading checks every chunk, and at the end the whole.</summary>
    /// <exception cref="LogCorruptedException">
    /// Its header is damaged. Reading throws the same for a damaged chunk: take an older snapshot, if the log reaches
    /// back to it, or receive one from the leader.
    /// </exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public Stream OpenRead(SnapshotMetadata snapshot)
    {
        string path = PathOf(snapshot.LastIncluded);
        SnapshotChunkReader reader = SnapshotChunkReader.Open(_fileSystem.Open(path, FileAccessMode.Read), path);
        return new SnapshotReadStream(reader);
    }

    /// <summary>Opens the file of a snapshot as it is, for sending.</summary>
    /// <exception cref="IOException">It cannot be opened; it may have been replaced by newer ones.</exception>
    public SnapshotFile OpenRaw(SnapshotMetadata snapshot) =>
        new(_fileSystem.Open(PathOf(snapshot.LastIncluded), FileAccessMode.Read));

    /// <summary>Starts receiving a snapshot's file, or goes on where an earlier attempt ended.</summary>
    /// <param name="lastIncluded">The snapshot.</param>
    /// <param name="totalBytes">The size of its file as the sender announced it. Nothing is reserved for it.</param>
    /// <returns>A receiver, whose <see cref="SnapshotReceiver.Offset"/> says what is wanted next.</returns>
    /// <exception cref="IOException">A file operation failed.</exception>
    public SnapshotReceiver OpenPartial(EntryId lastIncluded, long totalBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(totalBytes);
        string name = $"{SnapshotFormat.NameOf(lastIncluded)}-{totalBytes:x16}{SnapshotFormat.PartialSuffix}";
        string path = Path.Combine(_directory, name);
        // One at a time: the newest order of the leader counts.
        foreach (string other in _fileSystem.ListFiles(_directory))
        {
            if (other != name && other.EndsWith(SnapshotFormat.PartialSuffix, StringComparison.Ordinal))
                _fileSystem.Delete(Path.Combine(_directory, other));
        }

        if (!_fileSystem.FileExists(path))
        {
            IFile created = _fileSystem.Open(path, FileAccessMode.CreateNew);
            return new SnapshotReceiver(this, lastIncluded, path, created, totalBytes, offset: 0);
        }

        Verify(path, out long verified, out _);
        IFile file = _fileSystem.Open(path, FileAccessMode.ReadWrite);
        return new SnapshotReceiver(this, lastIncluded, path, file, totalBytes, Math.Min(verified, totalBytes));
    }

    /// <summary>Reads a whole file; says how much of it is intact, and what is wrong if not all is.</summary>
    internal SnapshotMetadata? Verify(string path, out long verifiedBytes, out string? problem)
    {
        verifiedBytes = 0;
        problem = null;
        SnapshotChunkReader? reader = null;
        try
        {
            reader = SnapshotChunkReader.Open(_fileSystem.Open(path, FileAccessMode.Read), path);
            while (!reader.IsAtEnd)
                reader.ReadChunk();

            return reader.Snapshot;
        }
        catch (LogCorruptedException e)
        {
            problem = e.Message;
            return null;
        }
        finally
        {
            verifiedBytes = reader?.Offset ?? 0;
            reader?.Dispose();
        }
    }

    /// <summary>Gives a whole and synced file its name, durably, and drops what it makes superfluous.</summary>
    internal void Publish(string from, SnapshotMetadata snapshot)
    {
        lock (_lock)
        {
            _fileSystem.Rename(from, PathOf(snapshot.LastIncluded));
            _fileSystem.SyncDirectory(_directory);
            List<SnapshotMetadata> usable =
                [snapshot, .. _usable.Where(other => other.LastIncluded != snapshot.LastIncluded)];
            usable.Sort(NewestFirst);
            // What the state machine has still to load stays, even if it was overtaken by several while a disk hung.
            long loaded = Volatile.Read(ref _loaded);
            List<SnapshotMetadata> superfluous =
                [.. usable.Skip(Kept).Where(old => old.LastIncluded.Index.Value <= loaded)];
            Volatile.Write(ref _usable, [.. usable.Except(superfluous)]);
            foreach (SnapshotMetadata old in superfluous)
                TryDelete(PathOf(old.LastIncluded));
        }
    }

    /// <summary>Notes how far the state machine is: snapshots up to there are not needed for it. Thread-safe.</summary>
    public void NoteLoaded(LogIndex index) => Volatile.Write(ref _loaded, index.Value);

    /// <summary>Removes a file; if that fails it is removed when the store is opened again.</summary>
    internal void TryDelete(string path)
    {
        try
        {
            if (_fileSystem.FileExists(path))
                _fileSystem.Delete(path);
        }
        catch (IOException)
        {
        }
    }

    private static int NewestFirst(SnapshotMetadata left, SnapshotMetadata right) =>
        right.LastIncluded.Index != left.LastIncluded.Index
            ? right.LastIncluded.Index.CompareTo(left.LastIncluded.Index)
            : right.LastIncluded.Term.CompareTo(left.LastIncluded.Term);

    private string PathOf(EntryId lastIncluded) =>
        Path.Combine(_directory, SnapshotFormat.NameOf(lastIncluded) + SnapshotFormat.Suffix);

    private void Load()
    {
        List<SnapshotMetadata> usable = [];
        List<string> damaged = [];
        foreach (string name in _fileSystem.ListFiles(_directory))
        {
            string path = Path.Combine(_directory, name);
            if (name.EndsWith(WalSegmentAllocator.TemporarySuffix, StringComparison.Ordinal))
            {
                TryDelete(path);
            }
            else if (name.EndsWith(SnapshotFormat.Suffix, StringComparison.Ordinal))
            {
                using IFile file = _fileSystem.Open(path, FileAccessMode.Read);
                string? problem = SnapshotFormat.CheckOutline(file, out SnapshotMetadata snapshot);
                if (problem is null && SnapshotFormat.NameOf(snapshot.LastIncluded) + SnapshotFormat.Suffix == name)
                    usable.Add(snapshot);
                else
                    damaged.Add($"{path}: {problem ?? "it has the name of another snapshot"}.");
            }
        }

        usable.Sort(NewestFirst);
        foreach (SnapshotMetadata old in usable.Skip(Kept))
            TryDelete(PathOf(old.LastIncluded));

        _usable = [.. usable.Take(Kept)];
        Damaged = damaged;
        RemoveObsoletePartials();
    }

    private void RemoveObsoletePartials()
    {
        if (Latest is not { } latest)
            return;

        string newest = SnapshotFormat.NameOf(latest.LastIncluded);
        foreach (string name in _fileSystem.ListFiles(_directory))
        {
            // Names begin with the index in hexadecimal with leading zeros: their order is that of the snapshots.
            if (name.EndsWith(SnapshotFormat.PartialSuffix, StringComparison.Ordinal)
                && string.CompareOrdinal(name, 0, newest, 0, newest.Length) <= 0)
                TryDelete(Path.Combine(_directory, name));
        }
    }
}
