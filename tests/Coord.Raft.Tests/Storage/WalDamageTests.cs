using System.Buffers.Binary;
using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>Faults D5 to D12, D16, D29 to D32: damage to what was durable is found, named, and never cut off.</summary>
public sealed class WalDamageTests
{
    private const string MarkPath = $"{LogHarness.Directory}/{WalMarkFile.Name}";

    [Fact]
    public void A_flipped_byte_anywhere_in_a_durable_log_is_harmless_or_refused()
    {
        using LogHarness written = WriteThreeSegments();
        written.Wal.Dispose();
        int refused = 0;
        int harmless = 0;
        foreach (string path in written.Disk.Paths)
        {
            byte[] bytes = written.Disk.ReadAll(path);
            for (int offset = 0; offset < bytes.Length; offset += IsNearContent(bytes, offset) ? 1 : 61)
            {
                using LogHarness damaged = LogHarness.CloneOf(written);
                damaged.Disk.Flip(path, offset, (byte)(1 << (offset % 8)));
                try
                {
                    damaged.Open();
                    Assert.Null(written.Model.Compare(damaged.Recovery, written.Purged));
                    harmless++;
                }
                catch (LogCorruptedException e)
                {
                    Assert.NotEqual(MarkPath, path); // There are two copies of the mark.
                    Assert.Contains(path, e.Message, StringComparison.Ordinal);
                    // Nothing is cut off: the bytes are still there for a repair.
                    bytes[offset] ^= (byte)(1 << (offset % 8));
                    Assert.Equal(bytes, damaged.Disk.ReadAll(path));
                    bytes[offset] ^= (byte)(1 << (offset % 8));
                    refused++;
                }
            }
        }

        Assert.True(refused > 10_000, $"{refused} flips refused.");
        Assert.True(harmless > 100, $"{harmless} flips harmless.");
    }

    [Fact]
    public void Without_a_mark_damage_before_the_last_write_is_proved_by_the_records_behind_it()
    {
        using LogHarness written = new LogHarness().Open();
        byte[] emptyMark = written.Disk.ReadAll(MarkPath);
        int begin = written.Wal.SegmentOffset;
        for (int i = 0; i < 4; i++)
        {
            written.Append(1, 2, 50);
            written.Sync();
        }

        int lastWrite = written.Wal.SegmentOffset;
        LogModel before = written.Model;
        written.Append(1, 2, 50);
        written.Sync();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        for (int offset = begin; offset < written.Wal.SegmentOffset; offset++)
        {
            using LogHarness damaged = LogHarness.CloneOf(written);
            damaged.Disk.Overwrite(MarkPath, emptyMark);
            damaged.Disk.Flip(path, offset, 0x10);
            if (offset < lastWrite)
            {
                LogCorruptedException e = Assert.Throws<LogCorruptedException>(damaged.Open);
                Assert.Equal(path, e.File);
                Assert.InRange(offset - e.Offset, 0, 150);
            }
            else
            {
                // Torn or damaged, nobody can tell: it is cut off, and the driver is told to ask others.
                damaged.Open();
                Assert.NotNull(damaged.Recovery.Doubt);
                Assert.Null(before.Compare(damaged.Recovery, LogIndex.Zero));
            }
        }
    }

    [Fact]
    public void The_exception_names_the_damaged_entry()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(4, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Append(4, 1);
        log.Sync();
        log.Wal.Dispose();
        log.Disk.Flip($"{LogHarness.Directory}/{WalSegment.NameOf(1)}", offset + WalRecord.HeaderBytes + 5, 1);
        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Equal(offset, e.Offset);
        Assert.Equal(new EntryId(new Term(4), new LogIndex(4)), e.Entry);
        Assert.Contains("t4/4", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_missing_segment_is_missed(ulong epoch)
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.Dispose();
        log.Disk.Remove($"{LogHarness.Directory}/{WalSegment.NameOf(epoch)}");
        if (epoch == 1)
        {
            // Nothing tells a removed beginning from a purged one, but the log then says that it begins later. The
            // driver refuses a base that no snapshot reaches.
            log.Open();
            Assert.True(log.Recovery.LogBase.Index > LogIndex.Zero);
            return;
        }

        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Contains(WalSegment.NameOf(epoch), e.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_last_segment_is_missed_even_if_a_prepared_one_follows()
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.PrepareNextSegment();
        log.Wal.Dispose();
        log.Disk.Remove($"{LogHarness.Directory}/{WalSegment.NameOf(3)}");
        Assert.Throws<LogCorruptedException>(log.Open);
    }

    [Fact]
    public void A_missing_log_is_not_a_new_one()
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.Dispose();
        foreach (string path in log.Disk.Paths)
            log.Disk.Remove(path);

        DataDirectoryException e = Assert.Throws<DataDirectoryException>(log.Open);
        Assert.Contains("add it again under a new id", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_mark_is_missed()
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.Dispose();
        log.Disk.Remove(MarkPath);
        Assert.Throws<LogCorruptedException>(log.Open);
    }

    /// <summary>Fault D13.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void When_one_copy_of_the_mark_is_damaged_the_other_one_still_proves(int copy)
    {
        using LogHarness log = new LogHarness().Open();
        int begin = log.Wal.SegmentOffset;
        for (int i = 0; i < 2; i++)
        {
            log.Append(1, 1);
            log.Sync();
            log.Wal.SaveDurableMark();
        }

        log.Disk.Kill();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] bytes = log.Disk.ReadAll(path);
        bytes.AsSpan(begin).Clear();
        log.Disk.Overwrite(path, bytes);
        log.Disk.Flip(MarkPath, (copy * 4096) + 40, 1);
        Assert.Throws<LogCorruptedException>(log.Open);
    }

    [Fact]
    public void An_older_copy_of_a_segment_is_noticed()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] older = log.Disk.ReadAll(path);
        log.Append(1, 3);
        log.Sync();
        log.Wal.Dispose();
        log.Disk.Overwrite(path, older);
        Assert.Throws<LogCorruptedException>(log.Open);
    }

    [Fact]
    public void A_sector_that_the_disk_wrote_to_another_place_is_no_record_there()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 20, 400);
        log.Sync();
        log.Wal.Dispose();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] bytes = log.Disk.ReadAll(path);
        bytes.AsSpan(8 * 512, 4 * 512).CopyTo(bytes.AsSpan(12 * 512));
        log.Disk.Overwrite(path, bytes);
        Assert.Throws<LogCorruptedException>(log.Open);
    }

    [Fact]
    public void A_segment_of_another_directory_is_refused()
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.Dispose();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(3)}";
        byte[] bytes = log.Disk.ReadAll(path);
        new WalSegmentHeader(new Guid(9, 9, 9, new byte[8]), 3, LogHarness.SegmentBytes, false).Write(bytes);
        log.Disk.Overwrite(path, bytes);
        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Contains("another data directory", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000)]
    [InlineData(0x7FFF_FFFF)]
    [InlineData(0x7FFF_FFF8)]
    [InlineData((uint)LogHarness.SegmentBytes)]
    public void A_forged_length_is_no_record(uint length)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Append(1, 1);
        log.Wal.Flush();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] bytes = log.Disk.ReadAll(path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset + 8), length);
        log.Disk.Overwrite(path, bytes);
        log.Disk.Kill();
        log.Open();
        Assert.Equal(3, log.Recovery.Entries.Length);
        Assert.NotNull(log.Recovery.Doubt);
    }

    [Theory]
    [InlineData(WalRecordKind.Entry, 1, 9, "does not follow")]
    [InlineData(WalRecordKind.Entry, 1, 3, "does not follow")]
    [InlineData(WalRecordKind.Entry, 1, 1, "does not follow")]
    [InlineData(WalRecordKind.Entry, 0, 4, "the term goes back")]
    [InlineData(WalRecordKind.Entry, 1, -4, "is not an id")]
    [InlineData(WalRecordKind.Cut, 1, 1, "are committed")]
    [InlineData(WalRecordKind.Cut, 1, 7, "ends before")]
    [InlineData(WalRecordKind.Cut, 9, 2, "does not hold")]
    [InlineData(WalRecordKind.Reset, 1, 1, "are committed")]
    [InlineData(WalRecordKind.Start, 1, 3, "where none belongs")]
    [InlineData(WalRecordKind.Seal, 0, 9, "another successor")]
    [InlineData((WalRecordKind)77, 1, 4, "not in the format")]
    [InlineData(WalRecordKind.HardState, 9, 2, "not in the format")]
    internal void A_record_that_contradicts_the_log_is_refused_by_name(
        WalRecordKind kind, long term, long index, string problem)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Commit(2);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Wal.Dispose();
        EntryId id = new(new Term(term), new LogIndex(index));
        Forge(log, offset, kind, id, WalRecord.FirstOfGroup | WalRecord.LastOfGroup, []);
        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.Equal(offset, e.Offset);
    }

    [Theory]
    [InlineData(0, 0, "the term goes back")]
    [InlineData(1, 0, "the vote of t1 changes")]
    [InlineData(1, 2, "the vote of t1 changes")]
    [InlineData(2, 7, "are committed, and the log ends")]
    public void A_hard_state_that_goes_back_is_refused_by_name(long term, byte vote, string problem)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Wal.Dispose();
        EntryId id = new(new Term(term), new LogIndex(term == 2 ? 4 : 0));
        Forge(
            log, offset, WalRecordKind.HardState, id, WalRecord.FirstOfGroup | WalRecord.LastOfGroup,
            [vote, 0, 0, 0, 0, 0, 0, 0]);
        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "a group has no beginning")]
    [InlineData(WalRecord.LastOfGroup, "a group has no beginning")]
    public void A_record_outside_a_group_is_refused(byte flags, string problem)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Wal.Dispose();
        Forge(log, offset, WalRecordKind.Entry, new EntryId(new Term(1), new LogIndex(4)), flags, []);
        LogCorruptedException e = Assert.Throws<LogCorruptedException>(log.Open);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_does_not_follow_its_predecessor_is_no_record()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Wal.Dispose();
        const int Whole = WalRecord.FirstOfGroup | WalRecord.LastOfGroup;
        Forge(log, offset, WalRecordKind.Entry, new EntryId(new Term(1), new LogIndex(4)), Whole, [], chain: 1);
        log.Open();
        Assert.Equal(3, log.Recovery.Entries.Length);
        Assert.NotNull(log.Recovery.Doubt);
    }

    [Fact]
    public void A_group_without_an_end_does_not_count()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        log.Wal.Dispose();
        Forge(
            log, offset, WalRecordKind.Entry, new EntryId(new Term(1), new LogIndex(4)), WalRecord.FirstOfGroup, []);
        log.Open();
        Assert.Equal(3, log.Recovery.Entries.Length);
        Assert.Equal(WalRecord.HeaderBytes, log.Recovery.TornBytesCut);
        Assert.Equal(new EntryId(new Term(1), new LogIndex(4)), log.Recovery.SuspectEntry);
    }

    [Fact]
    public void A_sector_that_cannot_be_read_once_is_read_again()
    {
        using LogHarness log = WriteThreeSegments();
        log.Wal.Dispose();
        long reads = log.Disk.CallsOf(DiskCall.Read);
        LogHarness.CloneOf(log).Open();
        for (int n = 0; n < 8; n++)
        {
            using LogHarness flaky = LogHarness.CloneOf(log);
            flaky.Disk.FailAt(n + 2, kind: DiskCall.Read); // The first two read the mark.
            flaky.Open();
            Assert.Null(log.Model.Compare(flaky.Recovery, LogIndex.Zero));
        }

        Assert.Equal(reads, log.Disk.CallsOf(DiskCall.Read));
    }

    internal static LogHarness WriteThreeSegments()
    {
        LogHarness log = new LogHarness().Open();
        while (log.Wal.SegmentCount < 3 || log.Wal.SegmentOffset < LogHarness.SegmentBytes / 2)
        {
            log.Append(1 + (log.Model.Last.Index.Value / 20), 2, 500);
            log.Sync();
            if (log.Wal.NeedsNextSegment)
                log.Wal.PrepareNextSegment();
        }

        return log;
    }

    private static void Forge(
        LogHarness log, int offset, WalRecordKind kind, EntryId id, int flags, ReadOnlySpan<byte> payload,
        uint chain = 0)
    {
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] bytes = log.Disk.ReadAll(path);
        Guid directoryId = log.Options().DirectoryId;
        uint salt = WalPlace.SaltOf(directoryId, 1);
        uint checksum = 0;
        for (int at = WalSegmentHeader.PageBytes; at < offset;)
        {
            Assert.True(WalRecord.TryRead(bytes, new WalPlace(1, salt, at), out WalRecord record));
            checksum = record.Checksum;
            at += record.Size;
        }

        WalRecord header = new() { Kind = kind, Flags = (byte)flags, Id = id, PreviousChecksum = checksum ^ chain };
        WalPlace place = new(1, salt, offset);
        WalRecord.Write(bytes.AsSpan(offset, WalRecord.SizeOf(payload.Length)), header, payload, place);
        log.Disk.Overwrite(path, bytes);
    }

    private static bool IsNearContent(byte[] bytes, int offset) =>
        bytes.AsSpan(Math.Max(0, offset - 8), Math.Min(16, bytes.Length - Math.Max(0, offset - 8)))
            .ContainsAnyExcept((byte)0);
}
