using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>Faults D16 to D18, D33 and D34: a directory that is not this member's own and whole is refused.</summary>
public sealed class DataDirectoryTests
{
    private const string Home = "/srv/coord";

    private static readonly ClusterId Cluster = new(0xABC);
    private static readonly NodeId Node = new(3);
    private static readonly Guid Id = new(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);

    private readonly MemoryFileSystem _disk = new();

    [Fact]
    public void A_new_directory_gets_an_id_that_stays()
    {
        using (DataDirectory directory = Open())
        {
            Assert.True(directory.IsNew);
            Assert.Equal(Id, directory.DirectoryId);
            directory.CompleteInitialization();
            Assert.False(directory.IsNew);
        }

        _disk.CutPower(new UniformCrash(keeps: false));
        using DataDirectory again = Open(id: Guid.Empty);
        Assert.False(again.IsNew);
        Assert.Equal(Id, again.DirectoryId);
    }

    /// <summary>A process that dies between a rename and its sync leaves a name that the kernel alone knows.</summary>
    [Theory]
    [InlineData("log")]
    [InlineData("snapshots")]
    [InlineData("")]
    public void A_name_that_is_there_when_a_directory_is_opened_outlives_a_power_cut(string parent)
    {
        using (DataDirectory directory = Open())
            directory.CompleteInitialization();

        string path = Path.Combine(Home, parent, "renamed");
        _disk.Open(path + ".tmp", FileAccessMode.CreateNew).Dispose();
        _disk.Rename(path + ".tmp", path);
        _disk.Kill();
        Open().Dispose();
        _disk.CutPower(new UniformCrash(keeps: false));
        Assert.True(_disk.FileExists(path));
    }

    [Fact]
    public void A_first_start_may_crash_anywhere()
    {
        for (int n = 0; ; n++)
        {
            MemoryFileSystem disk = new();
            disk.CutPowerAt(n);
            try
            {
                Start(disk);
                break;
            }
            catch (PowerCutException)
            {
                disk.CutPower(new RandomCrash(new Random(n)));
                Start(disk);
            }

            disk.CutPower(new UniformCrash(keeps: false));
            Start(disk);
        }

        static void Start(MemoryFileSystem disk)
        {
            using DataDirectory directory = DataDirectory.Open(disk, Home, Cluster, Node, () => Id);
            using EntryArena arena = new(new EntryBlockPool());
            WalOptions options = new()
            {
                DirectoryId = directory.DirectoryId,
                CreateNew = directory.IsNew,
                SegmentBytes = LogHarness.SegmentBytes,
            };
            using Wal wal = Wal.Open(disk, directory.LogPath, options, arena, out WalRecovery recovery);
            SnapshotStore.Open(disk, directory.SnapshotPath);
            directory.CompleteInitialization();
            Assert.True(recovery.Entries.IsEmpty);
        }
    }

    [Fact]
    public void A_second_user_is_refused_until_the_first_is_gone()
    {
        DataDirectory first = Open();
        Refuses("in use by another process", () => Open());
        first.Dispose();
        Open().Dispose();
    }

    [Fact]
    public void The_lock_of_a_process_that_died_is_gone()
    {
        Open();
        _disk.Kill();
        Open().Dispose();
    }

    [Fact]
    public void The_directory_of_another_cluster_is_refused()
    {
        Open().Dispose();
        Refuses("belongs to cluster abc", () => Open(cluster: new ClusterId(0xDEF)));
    }

    [Fact]
    public void A_directory_whose_member_begins_a_new_cluster_belongs_to_that_from_then_on()
    {
        using (DataDirectory first = Open())
            first.CompleteInitialization();
        ClusterId fresh = new(0xDEF);
        using (DataDirectory begun = DataDirectory.Open(_disk, Home, fresh, Node, () => Guid.Empty, true))
        {
            Assert.False(begun.IsNew);
            Assert.Equal(Id, begun.DirectoryId);
        }

        _disk.Kill();
        Refuses("belongs to cluster def", () => Open());
        Open(cluster: fresh).Dispose();
        Assert.Equal((fresh, Node), DataDirectory.Peek(_disk, Home));
    }

    [Fact]
    public void The_directory_of_another_member_is_refused()
    {
        Open().Dispose();
        Refuses("belongs to member n3", () => Open(node: new NodeId(4)));
    }

    [Fact]
    public void A_refused_directory_is_not_left_locked()
    {
        Open().Dispose();
        Refuses("belongs to member n3", () => Open(node: new NodeId(4)));
        Open().Dispose();
    }

    [Fact]
    public void A_log_without_an_identity_is_not_a_new_directory()
    {
        using (DataDirectory directory = Open())
        {
            directory.CompleteInitialization();
            _disk.Open($"{directory.LogPath}/{WalSegment.NameOf(1)}", FileAccessMode.CreateNew);
        }

        _disk.Remove($"{Home}/identity");
        Refuses("holds a log but no identity", () => Open());
    }

    [Fact]
    public void A_damaged_identity_is_refused_whatever_byte_is_damaged()
    {
        Open().Dispose();
        int length = _disk.ReadAll($"{Home}/identity").Length;
        for (int offset = 0; offset < length; offset++)
        {
            _disk.Flip($"{Home}/identity", offset, 1);
            Refuses("is damaged", () => Open());
            _disk.Flip($"{Home}/identity", offset, 1);
        }
    }

    [Fact]
    public void Unsafe_permissions_are_refused()
    {
        _disk.UnsafePermissions = "every user can write to it";
        Refuses("chmod o-w", () => Open());
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_refused_with_the_reason()
    {
        _disk.Capacity = 0;
        Refuses("No space left on device", () => Open());
    }

    private static void Refuses(string because, Func<DataDirectory> open)
    {
        DataDirectoryException refusal = Assert.Throws<DataDirectoryException>(open);
        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.DidNotHappen, refusal.Outcome);
    }

    private DataDirectory Open(ClusterId? cluster = null, NodeId? node = null, Guid? id = null) =>
        DataDirectory.Open(_disk, Home, cluster ?? Cluster, node ?? Node, () => id ?? Id);
}
