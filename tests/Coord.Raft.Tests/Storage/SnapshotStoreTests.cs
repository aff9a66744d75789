using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>
/// Snapshots: whole or absent, checked when read, and the previous one there as long as it is needed.
/// </summary>
public sealed class SnapshotStoreTests
{
    private const string Home = "/data/snapshots";
    private const int Chunk = SnapshotFormat.MaxChunkBytes;

    private readonly MemoryFileSystem _disk = new();

    public SnapshotStoreTests() => _disk.CreateDirectory("/data");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 17)]
    public void A_snapshot_is_read_back_as_it_was_written(int size)
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        Assert.Null(store.Latest);
        byte[] payload = LogEntries.Bytes(size, size);
        Save(store, 7, payload);
        Assert.Equal(Metadata(7).LastIncluded, store.Latest!.LastIncluded);

        _disk.CutPower(new UniformCrash(keeps: false));
        store = SnapshotStore.Open(_disk, Home);
        Assert.Equal([new NodeId(1), new NodeId(2)], store.Latest!.Membership.Voters.AsEnumerable());
        Assert.Equal(payload, ReadAll(store, store.Latest));
    }

    [Fact]
    public void The_newest_two_are_kept()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        for (int i = 1; i <= 4; i++)
        {
            Save(store, 10 * i, [(byte)i]);
            Assert.Equal(10 * i, store.Latest!.LastIncluded.Index.Value);
            Assert.Equal(Math.Min(i, 2), store.Usable.Count);
            Assert.Equal(Math.Min(i, 2), _disk.Paths.Count);
        }

        store = SnapshotStore.Open(_disk, Home);
        Assert.Equal([40L, 30L], store.Usable.Select(snapshot => snapshot.LastIncluded.Index.Value));
        Assert.Equal([3], ReadAll(store, store.Usable[1]));
    }

    /// <summary>Fault N22: several arrive while the log's disk hangs, and none is loaded yet.</summary>
    [Fact]
    public void What_is_not_loaded_yet_is_kept_however_many_come_after_it()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        store.NoteLoaded(new LogIndex(10));
        for (int i = 1; i <= 5; i++)
            Save(store, 10 * i, [(byte)i]);

        Assert.Equal([2], ReadAll(store, Metadata(20)));
        store.NoteLoaded(new LogIndex(30));
        Save(store, 60, [6]);
        Assert.Equal([60L, 50L, 40L], store.Usable.Select(snapshot => snapshot.LastIncluded.Index.Value));
        Assert.Equal(3, _disk.Paths.Count);
    }

    [Fact]
    public void A_reader_of_a_replaced_snapshot_reads_on()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        byte[] payload = LogEntries.Bytes(1, 2 * Chunk);
        Save(store, 1, payload);
        using SnapshotFile raw = store.OpenRaw(Metadata(1));
        Save(store, 2, []);
        Save(store, 3, []);
        byte[] bytes = new byte[raw.Length];
        Assert.Equal(bytes.Length, raw.Read(0, bytes));
        Assert.Throws<FileNotFoundException>(() => store.OpenRaw(Metadata(1)));
    }

    [Fact]
    public void An_aborted_snapshot_leaves_nothing()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using (SnapshotWriter writer = store.Create(Metadata(3)))
            writer.Write(new byte[2 * Chunk]);

        Assert.Null(store.Latest);
        Assert.Empty(_disk.Paths);
    }

    /// <summary>Fault D14: a damaged snapshot is noticed before a wrong byte is shown.</summary>
    [Fact]
    public void A_flipped_byte_anywhere_is_noticed_and_the_previous_snapshot_is_there()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        byte[] older = LogEntries.Bytes(1, 100);
        byte[] newer = LogEntries.Bytes(2, 2000);
        Save(store, 1, older);
        Save(store, 2, newer);
        string path = Assert.Single(
            _disk.Paths, path => path.Contains($"/{2:x16}", StringComparison.Ordinal));
        int length = _disk.ReadAll(path).Length;
        for (int offset = 0; offset < length; offset++)
        {
            MemoryFileSystem damaged = _disk.Clone();
            damaged.Flip(path, offset, (byte)(1 << (offset % 8)));
            SnapshotStore reopened = SnapshotStore.Open(damaged, Home);
            int next = 0;
            if (reopened.Latest!.LastIncluded.Index.Value == 2)
            {
                Assert.Throws<LogCorruptedException>(() => ReadAll(reopened, reopened.Latest));
                next = 1;
            }
            else
            {
                Assert.Single(reopened.Damaged);
            }

            Assert.Equal(older, ReadAll(reopened, reopened.Usable[next]));
        }
    }

    [Fact]
    public void A_snapshot_cut_short_at_any_byte_does_not_count()
    {
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        Save(store, 2, LogEntries.Bytes(2, 2000));
        string path = _disk.Paths[0];
        byte[] bytes = _disk.ReadAll(path);
        for (int length = 0; length < bytes.Length; length++)
        {
            _disk.Overwrite(path, bytes[..length]);
            store = SnapshotStore.Open(_disk, Home);
            Assert.Null(store.Latest);
            Assert.Contains(path, Assert.Single(store.Damaged), StringComparison.Ordinal);
            Assert.Contains(path, _disk.Paths);
        }
    }

    /// <summary>Faults D15 and D21: whatever fails, the old snapshot or the new one is there, and is whole.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_operation_of_saving_may_fail_once(bool isPowerCut)
    {
        byte[] older = LogEntries.Bytes(1, 100);
        byte[] newer = LogEntries.Bytes(2, Chunk + 100);
        for (int n = 0; ; n++)
        {
            MemoryFileSystem disk = new();
            disk.CreateDirectory("/data");
            SnapshotStore store = SnapshotStore.Open(disk, Home);
            Save(store, 1, older);
            Save(store, 2, older);
            if (isPowerCut)
                disk.CutPowerAt(n);
            else
                disk.FailAt(n);

            bool isSaved = false;
            try
            {
                Save(store, 3, newer);
                isSaved = true;
            }
            catch (Exception e) when (e is IOException or PowerCutException)
            {
                if (!isPowerCut)
                    Assert.DoesNotContain(disk.Paths, path => path.EndsWith(".tmp", StringComparison.Ordinal));
            }

            bool isOver = isPowerCut ? !disk.IsOff : !disk.HasFailed;
            disk.CutPower(new RandomCrash(new Random(n)));
            store = SnapshotStore.Open(disk, Home);
            Assert.Empty(store.Damaged);
            Assert.InRange(store.Latest!.LastIncluded.Index.Value, isSaved ? 3 : 2, 3);
            foreach (SnapshotMetadata snapshot in store.Usable)
                Assert.Equal(snapshot.LastIncluded.Index.Value == 3 ? newer : older, ReadAll(store, snapshot));

            if (isOver)
                break;
        }
    }

    [Fact]
    public void A_received_snapshot_is_the_one_that_was_sent()
    {
        (byte[] file, byte[] payload) = MakeFile(9, Chunk + 5000);
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, file.Length);
        Assert.True(receiver.Write(0, file.AsSpan(0, 1000)));
        Assert.False(receiver.Write(1001, file.AsSpan(1001, 10)));
        Assert.True(receiver.Write(500, file.AsSpan(500, 1000)));
        Assert.True(receiver.Write(0, file.AsSpan(0, 1000)));
        Assert.Equal(1500, receiver.Offset);
        Assert.Throws<InvalidOperationException>(receiver.Complete);
        Assert.False(receiver.Write(-1, file.AsSpan(0, 2)));
        Assert.False(receiver.Write(long.MaxValue, file.AsSpan(0, 2)));
        Assert.True(receiver.Write(1500, file.AsSpan(1500)));
        Assert.False(receiver.Write(file.Length - 1, file.AsSpan(0, 2)));
        Assert.Null(store.Latest);

        Assert.Equal(Metadata(9).LastIncluded, receiver.Complete().LastIncluded);
        Assert.Equal(payload, ReadAll(store, store.Latest!));
        Assert.Single(_disk.Paths);
    }

    /// <summary>Fault N21: a transfer goes on where it was interrupted, even by a power cut on the receiver.</summary>
    [Fact]
    public void Receiving_goes_on_after_a_power_cut_at_any_operation()
    {
        (byte[] file, byte[] payload) = MakeFile(9, (3 * Chunk) + 5000);
        const int Step = 100_000;
        for (int n = 0; ; n++)
        {
            MemoryFileSystem disk = new();
            disk.CreateDirectory(Home);
            disk.CutPowerAt(n);
            bool isCut = false;
            try
            {
                Receive(disk, file, Step);
            }
            catch (PowerCutException)
            {
                isCut = true;
                disk.CutPower(new RandomCrash(new Random(n)));
                Receive(disk, file, Step);
            }

            disk.CutPower(new UniformCrash(keeps: false));
            SnapshotStore store = SnapshotStore.Open(disk, Home);
            Assert.Equal(payload, ReadAll(store, store.Latest!));
            if (!isCut)
                break;
        }
    }

    [Fact]
    public void What_has_arrived_whole_is_not_asked_for_again()
    {
        (byte[] file, _) = MakeFile(9, 3 * Chunk);
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using (SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, file.Length))
            receiver.Write(0, file.AsSpan(0, (2 * Chunk) + 5000));

        _disk.Kill();
        store = SnapshotStore.Open(_disk, Home);
        using SnapshotReceiver again = store.OpenPartial(Metadata(9).LastIncluded, file.Length);
        Assert.InRange(again.Offset, 2 * Chunk, (2 * Chunk) + 5000);
    }

    /// <summary>What a failed sync should have written can still be read, and the next does not write it.</summary>
    [Fact]
    public void Receiving_begins_again_after_a_sync_that_failed()
    {
        (byte[] file, byte[] payload) = MakeFile(9, 3 * Chunk);
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using (SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, file.Length))
        {
            receiver.Write(0, file);
            _disk.FailAt(0, kind: DiskCall.Sync);
            Assert.Throws<IOException>(receiver.Complete);
        }

        Receive(_disk, file, Chunk);
        _disk.CutPower(new UniformCrash(keeps: false));
        store = SnapshotStore.Open(_disk, Home);
        Assert.Equal(payload, ReadAll(store, store.Latest!));
    }

    [Fact]
    public void Damage_on_the_way_is_noticed_before_the_snapshot_is_published()
    {
        (byte[] file, byte[] payload) = MakeFile(9, 3000);
        for (int offset = 0; offset < file.Length; offset += 7)
        {
            SnapshotStore store = SnapshotStore.Open(_disk, Home);
            byte[] damaged = [.. file];
            damaged[offset] ^= 4;
            using (SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, file.Length))
            {
                receiver.Write(0, damaged);
                Assert.Throws<InvalidDataException>(receiver.Complete);
            }

            Assert.Null(store.Latest);
            Assert.Empty(_disk.Paths);
        }

        Receive(_disk, file, 1000);
        SnapshotStore reopened = SnapshotStore.Open(_disk, Home);
        Assert.Equal(payload, ReadAll(reopened, reopened.Latest!));
    }

    [Fact]
    public void A_snapshot_that_is_not_the_announced_one_is_refused()
    {
        (byte[] file, _) = MakeFile(9, 100);
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using SnapshotReceiver receiver = store.OpenPartial(Metadata(10).LastIncluded, file.Length);
        receiver.Write(0, file);
        Assert.Throws<InvalidDataException>(receiver.Complete);
    }

    /// <summary>Fault N22.</summary>
    [Fact]
    public void A_second_snapshot_supersedes_the_one_being_received()
    {
        (byte[] first, _) = MakeFile(9, 100);
        (byte[] second, _) = MakeFile(12, 100);
        SnapshotStore store = SnapshotStore.Open(_disk, Home);
        using (SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, first.Length))
            receiver.Write(0, first.AsSpan(0, 50));

        using (SnapshotReceiver receiver = store.OpenPartial(Metadata(12).LastIncluded, second.Length))
        {
            receiver.Write(0, second);
            receiver.Complete();
        }

        Assert.Equal(12, store.Latest!.LastIncluded.Index.Value);
        Assert.Single(_disk.Paths);
    }

    private static SnapshotMetadata Metadata(long index) => new(
        new EntryId(new Term(3), new LogIndex(index)),
        new Membership
        {
            Voters = [new NodeId(1), new NodeId(2)],
            Members = [new Member(new NodeId(1), default, "a"), new Member(new NodeId(2), new LogIndex(2), "b")],
        });

    private static void Save(SnapshotStore store, long index, byte[] payload)
    {
        using SnapshotWriter writer = store.Create(Metadata(index));
        // In pieces that do not fit the chunks.
        for (int offset = 0; offset < payload.Length; offset += 70_001)
            writer.Write(payload.AsSpan(offset, Math.Min(70_001, payload.Length - offset)));
        writer.Commit();
    }

    private static byte[] ReadAll(SnapshotStore store, SnapshotMetadata snapshot)
    {
        using Stream stream = store.OpenRead(snapshot);
        using MemoryStream all = new();
        stream.CopyTo(all, 60_000);
        return all.ToArray();
    }

    private static (byte[] File, byte[] Payload) MakeFile(long index, int size)
    {
        MemoryFileSystem disk = new();
        disk.CreateDirectory("/data");
        SnapshotStore store = SnapshotStore.Open(disk, Home);
        byte[] payload = LogEntries.Bytes(index, size);
        Save(store, index, payload);
        using SnapshotFile raw = store.OpenRaw(store.Latest!);
        byte[] file = new byte[raw.Length];
        Assert.Equal(file.Length, raw.Read(0, file));
        return (file, payload);
    }

    private static void Receive(MemoryFileSystem disk, byte[] file, int step)
    {
        SnapshotStore store = SnapshotStore.Open(disk, Home);
        if (store.Latest is not null)
            return;

        using SnapshotReceiver receiver = store.OpenPartial(Metadata(9).LastIncluded, file.Length);
        while (!receiver.IsComplete)
        {
            int offset = (int)receiver.Offset;
            Assert.True(receiver.Write(offset, file.AsSpan(offset, Math.Min(step, file.Length - offset))));
        }

        receiver.Complete();
    }
}
