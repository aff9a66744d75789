using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>The storage on the real file system: what a file system in memory cannot vouch for.</summary>
public sealed class RealDiskTests : IDisposable
{
    private static readonly ClusterId Cluster = new(7);
    private static readonly NodeId Node = new(1);

    private readonly string _path = Directory.CreateTempSubdirectory("coord-storage-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private string DataPath => Path.Combine(_path, "data");

    private DataDirectory OpenDirectory(ClusterId? cluster = null, NodeId? node = null) => DataDirectory.Open(
        PhysicalFileSystem.Instance, DataPath, cluster ?? Cluster, node ?? Node, () => new Guid(1, 2, 3, new byte[8]));

    [Theory]
    [InlineData(SyncStrategy.DataSync)]
    [InlineData(SyncStrategy.WriteThrough)]
    [InlineData(SyncStrategy.FullSync)]
    internal void A_log_is_read_back_as_it_was_written(SyncStrategy strategy)
    {
        EntryBlockPool pool = new();
        using EntryArena arena = new(pool);
        HardState state = new(new Term(3), Node, new LogIndex(2));
        using (DataDirectory directory = OpenDirectory())
        {
            using Wal wal = Wal.Open(
                PhysicalFileSystem.Instance, directory.LogPath, Options(directory, strategy), arena, out _);
            SnapshotStore.Open(PhysicalFileSystem.Instance, directory.SnapshotPath);
            directory.CompleteInitialization();
            for (int i = 1; i <= 200; i++)
            {
                Entry entry = LogEntries.Make(3, i, 1000);
                wal.Append(i == 2 ? state : null, [entry], null);
                wal.Sync();
                if (wal.NeedsNextSegment)
                    wal.PrepareNextSegment();
            }

            Assert.True(wal.SegmentCount > 2, "The log has rotated.");
            wal.PurgeThrough(new LogIndex(100));
            Assert.InRange(wal.LogBase.Index.Value, 50, 100);
        }

        using (DataDirectory directory = OpenDirectory())
        {
            using Wal wal = Wal.Open(
                PhysicalFileSystem.Instance, directory.LogPath, Options(directory, strategy), arena,
                out WalRecovery recovery);
            Assert.Equal(state, recovery.HardState);
            Assert.Equal(200, recovery.LastEntry.Index.Value);
            Assert.Equal(0, recovery.TornBytesCut);
            Assert.Equal(200, recovery.DurableMark.Value);
            foreach (Entry entry in recovery.Entries.Span)
                LogEntries.AssertIntact(entry);
        }
    }

    [Fact]
    public void A_second_user_of_a_directory_is_refused()
    {
        using DataDirectory first = OpenDirectory();
        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => OpenDirectory());
        Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_everybody_can_write_to_is_refused()
    {
        OpenDirectory().Dispose();
        if (OperatingSystem.IsWindows())
            return;

        File.SetUnixFileMode(DataPath, File.GetUnixFileMode(DataPath) | UnixFileMode.OtherWrite);
        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(() => OpenDirectory());
        Assert.Contains("chmod o-w", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_created_is_for_the_owner_alone()
    {
        OpenDirectory().Dispose();
        if (OperatingSystem.IsWindows())
            return;

        const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(DataPath) & Others);
        foreach (string file in Directory.EnumerateFiles(DataPath))
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(file) & Others);
    }

    /// <summary>The runtime's own flush returns normally here; a log built on it acknowledges lost writes.</summary>
    [Fact]
    public void A_sync_that_fails_is_an_exception()
    {
        if (!OperatingSystem.IsLinux())
            return;

        foreach (SyncStrategy strategy in new[] { SyncStrategy.DataSync, SyncStrategy.FullSync })
        {
            using IFile device = PhysicalFileSystem.Instance.Open("/dev/null", FileAccessMode.ReadWrite, strategy);
            IOException failure = Assert.Throws<IOException>(device.Sync);
            Assert.Contains("/dev/null failed", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_full_disk_is_an_exception()
    {
        if (!OperatingSystem.IsLinux())
            return;

        using IFile device = PhysicalFileSystem.Instance.Open("/dev/full", FileAccessMode.ReadWrite);
        Assert.ThrowsAny<IOException>(() => device.Write([1, 2, 3], 0));
    }

    [Fact]
    public void Writing_through_is_asked_of_the_kernel()
    {
        if (!OperatingSystem.IsLinux())
            return;

        string path = Path.Combine(_path, "through");
        Assert.Equal(0, Flags(FileAccessMode.CreateNew, SyncStrategy.DataSync) & LinuxDisk.DataSyncWrites);
        Assert.NotEqual(0, Flags(FileAccessMode.ReadWrite, SyncStrategy.WriteThrough) & LinuxDisk.DataSyncWrites);

        int Flags(FileAccessMode mode, SyncStrategy strategy)
        {
            using IFile file = PhysicalFileSystem.Instance.Open(path, mode, strategy);
            string descriptor = Directory.EnumerateFileSystemEntries("/proc/self/fd")
                .First(link => new FileInfo(link).LinkTarget == path);
            string line = File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(descriptor)}")
                .First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return Convert.ToInt32(line[6..].Trim(), 8);
        }
    }

    [Fact]
    public void What_is_missing_is_reported_as_missing()
    {
        string path = Path.Combine(_path, "missing");
        Assert.Throws<FileNotFoundException>(() => PhysicalFileSystem.Instance.Open(path, FileAccessMode.Read));
        File.WriteAllBytes(path, []);
        Assert.ThrowsAny<IOException>(() => PhysicalFileSystem.Instance.Open(path, FileAccessMode.CreateNew));
    }

    [Fact]
    public void A_snapshot_is_read_back_as_it_was_written()
    {
        SnapshotStore store = SnapshotStore.Open(PhysicalFileSystem.Instance, _path);
        SnapshotMetadata metadata = new(new EntryId(new Term(2), new LogIndex(9)), Membership.Empty);
        byte[] payload = LogEntries.Bytes(5, 1_000_000);
        using (SnapshotWriter writer = store.Create(metadata))
        {
            writer.Write(payload);
            writer.Commit();
        }

        using Stream stream = SnapshotStore.Open(PhysicalFileSystem.Instance, _path).OpenRead(metadata);
        using MemoryStream read = new();
        stream.CopyTo(read);
        Assert.Equal(payload, read.ToArray());
    }

    private static WalOptions Options(DataDirectory directory, SyncStrategy strategy) => new()
    {
        DirectoryId = directory.DirectoryId,
        CreateNew = directory.IsNew,
        SegmentBytes = 64 * 1024,
        SyncStrategy = strategy,
    };
}
