using Coord.Raft.Storage;
using Coord.Raft.Tests.Storage;

namespace Coord.Raft.Tests.Repair;

/// <summary>Faults D8 to D16: damage to the logs of a minority costs no acknowledged write and no operator.</summary>
public sealed class LogRepairTests
{
    // A byte of each: checksum, chain, length, kind, flags, salt, epoch, durable offset, term, index.
    private static readonly int[] HeaderFields = [0, 5, 8, 12, 13, 17, 21, 29, 33, 40];

    private static readonly string[] Written =
        [.. Enumerable.Range(0, 24).Select(i => $"{i} {new string('x', i * 7)}")];

    /// <summary>All fields of the headers are tried, by turns, and a byte of every payload.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_record_anywhere_is_repaired_with_all_members_up(bool isMarkSaved)
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved);
        int repaired = 0;
        int turn = 0;
        foreach ((int start, int size) in RecordsOf(disks[0]))
        {
            foreach (int offset in new[] { HeaderFields[turn++ % HeaderFields.Length], size - 6 })
            {
                await using PumpedCluster cluster = new(disks: disks);
                Flip(cluster.Disks[1], start + offset);
                cluster.Start(1, 2, 3);
                bool wasRepairing = cluster.Trace.ToString().Contains("n1 repairs its log", StringComparison.Ordinal);
                await cluster.RunAsync(
                    () => cluster.IsStarted(1) && !cluster.Nodes[1].Status.IsRepairing,
                    $"the repair of {start + offset}");
                await cluster.ConvergedAsync(Written, 1, 2, 3);
                repaired += wasRepairing ? 1 : 0;

                // It counts again: without it there is no majority.
                await cluster.StopAsync(cluster.Leader is { } leader && leader.Id.Value != 1 ? leader.Id.Value : 2);
                await cluster.ProposeAsync("more");
                await cluster.ConvergedAsync([.. Written, "more"], [.. cluster.Nodes.Keys]);
            }
        }

        Assert.True(repaired > 80, $"{repaired} repaired.");
    }

    [Fact]
    public async Task A_damaged_record_is_repaired_by_any_member_when_the_third_is_down()
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        foreach ((int start, int size) in RecordsOf(disks[0]))
        {
            await using PumpedCluster cluster = new(disks: disks);
            Flip(cluster.Disks[1], start + (size / 2));
            cluster.Start(1, 2);
            await cluster.ConvergedAsync(Written, 1, 2);
            await cluster.ProposeAsync("more");
            await cluster.ConvergedAsync([.. Written, "more"], 1, 2);
        }
    }

    [Fact]
    public async Task What_one_member_alone_knows_to_be_lost_waits_for_whoever_may_have_it()
    {
        // Acknowledged by the first two; then the first one's copy of it, the last and not marked, is damaged.
        await using PumpedCluster cluster = new();
        cluster.Start(1, 2, 3);
        await cluster.ProposeAsync("old");
        await cluster.ConvergedAsync(["old"], 1, 2, 3);
        await cluster.RunForAsync(TimeSpan.FromMilliseconds(200));
        ulong down = cluster.Leader!.Id.Value == 3 ? 2UL : 3;
        ulong other = 5 - down;
        cluster.Kill(down);
        await cluster.ProposeAsync("acknowledged");
        cluster.Kill(1);
        cluster.Kill(other);
        (int start, int size) = RecordsOf(cluster.Disks[1]).Last(record => record.Size > WalRecord.HeaderBytes + 8);
        Flip(cluster.Disks[1], start + size - 5);

        cluster.Start(1, down);
        await cluster.RunForAsync(TimeSpan.FromSeconds(10));
        Assert.True(cluster.Nodes[1].Status.IsRepairing);
        Assert.Null(cluster.Leader);
        Assert.Empty(cluster.PlainVotes[1]);

        cluster.Start(other);
        await cluster.ConvergedAsync(["old", "acknowledged"], 1, 2, 3);
        await cluster.RunAsync(() => !cluster.Nodes[1].Status.IsRepairing, "the repair");
    }

    /// <summary>Fault D11.</summary>
    [Fact]
    public async Task Different_records_damaged_on_all_three_are_put_together_again()
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        (int Start, int Size)[] records = [.. RecordsOf(disks[0])];
        for (int i = 1; i + 8 < records.Length; i += 3)
        {
            await using PumpedCluster cluster = new(disks: disks);
            for (ulong id = 1; id <= 3; id++)
            {
                (int start, int size) = RecordsOf(cluster.Disks[id]).ElementAt(i + ((int)id * 2));
                Flip(cluster.Disks[id], start + (size / 2));
            }

            cluster.Start(1, 2, 3);
            await cluster.ConvergedAsync(Written, 1, 2, 3);
            await cluster.ProposeAsync("more");
        }
    }

    /// <summary>Fault D10: nobody guesses, and one intact copy is enough.</summary>
    [Fact]
    public async Task The_same_entry_damaged_everywhere_keeps_everybody_waiting_and_saying_for_what()
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        await using PumpedCluster cluster = new(disks: disks);
        for (ulong id = 1; id <= 3; id++)
            Flip(cluster.Disks[id], FindEntry(cluster.Disks[id], new LogIndex(9)) + 50);

        cluster.Start(1, 2, 3);
        string[] reports =
        [
            "lacks entries up to 9 behind t2/8, before t2/10. It heard: [n2, Unknown], [n3, Unknown].",
            "lacks entries up to 9 behind t2/8, before t2/10. It heard: [n1, Unknown], [n3, Unknown].",
            "lacks entries up to 9 behind t2/8, before t2/10. It heard: [n1, Unknown], [n2, Unknown].",
        ];
        await cluster.RunAsync(() => cluster.Trace.ToString() is var trace && reports.All(trace.Contains), "reports");
        await cluster.RunForAsync(TimeSpan.FromSeconds(5));
        for (ulong id = 1; id <= 3; id++)
        {
            Assert.False(cluster.IsStarted(id));
            Assert.True(cluster.Nodes[id].Status.IsRepairing);
        }

        await cluster.StopAsync(3);
        Flip(cluster.Disks[3], FindEntry(disks[2], new LogIndex(9)) + 50);
        cluster.Start(3);
        await cluster.ConvergedAsync(Written, 1, 2, 3);
    }

    /// <summary>Fault D16, and a whole segment's worth of damage.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_segment_that_is_missing_or_overwritten_is_repaired(bool isMissing)
    {
        string[] large = [.. Enumerable.Range(0, 30).Select(i => $"{i} {new string('y', 100_000)}")];
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true, large);
        string[] segments = [.. SegmentsOf(disks[0])];
        Assert.True(segments.Length >= 3);
        foreach (string segment in segments[..^1])
        {
            await using PumpedCluster cluster = new(disks: disks);
            if (isMissing)
                cluster.Disks[1].Remove(segment);
            else
                cluster.Disks[1].Overwrite(segment, new byte[cluster.Disks[1].ReadAll(segment).Length]);
            cluster.Start(1, 2, 3);
            await cluster.ConvergedAsync(large, 1, 2, 3);
        }
    }

    [Fact]
    public async Task Entries_that_nobody_has_any_more_are_given_up_and_fetched_from_the_leader()
    {
        // The others go on without the first member, and compact what it is missing.
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        await using PumpedCluster cluster = new(
            options => (options.SnapshotEntries, options.TrailingEntries) = (10, 0), disks);
        Flip(cluster.Disks[1], FindEntry(cluster.Disks[1], new LogIndex(9)) + 50);
        cluster.Start(2, 3);
        List<string> all = [.. Written];
        for (int i = 0; i < 25; i++)
        {
            all.Add($"later {i}");
            await cluster.ProposeAsync(all[^1]);
        }

        await cluster.RunForAsync(TimeSpan.FromSeconds(1));
        Assert.True(cluster.Nodes[2].Status.FirstIndex.Value > 30);
        cluster.Start(1);
        await cluster.ConvergedAsync(all, 1, 2, 3);
        await cluster.RunAsync(() => !cluster.Nodes[1].Status.IsRepairing, "the repair");
        Assert.Contains("gives up", cluster.Trace.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Fault D14: the log does not reach back to the snapshot before the damaged one.</summary>
    [Fact]
    public async Task A_damaged_snapshot_is_made_good_by_the_log_or_the_snapshot_of_another_member()
    {
        static void Configure(RaftOptions options) => (options.SnapshotEntries, options.TrailingEntries) = (10, 0);

        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true, configure: Configure);
        string[] snapshots = [.. disks[0].Paths.Where(path => path.EndsWith(".snapshot", StringComparison.Ordinal))];
        Assert.Equal(2, snapshots.Length);
        long length = disks[0].ReadAll(snapshots[1]).Length;
        foreach (long offset in new[] { 3, length / 2, length - 3 })
        {
            await using PumpedCluster cluster = new(Configure, disks);
            cluster.Disks[1].Flip(snapshots[1], offset, 0x10);
            cluster.Start(1, 2, 3);
            await cluster.ConvergedAsync(Written, 1, 2, 3);
            await cluster.ProposeAsync("more");
            await cluster.RunAsync(() => !cluster.Nodes[1].Status.IsRepairing, "the repair");
        }
    }

    [Fact]
    public async Task A_leader_that_fails_during_the_repair_changes_nothing()
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        for (int delay = 0; delay < 500; delay += 20)
        {
            await using PumpedCluster cluster = new(disks: disks);
            Flip(cluster.Disks[1], FindEntry(cluster.Disks[1], new LogIndex(9)) + 50);
            cluster.Start(1, 2, 3);
            await cluster.RunForAsync(TimeSpan.FromMilliseconds(delay));
            cluster.Kill(cluster.Leader?.Id.Value ?? 2);
            await cluster.ConvergedAsync(Written, [.. cluster.Nodes.Keys]);
            await cluster.ProposeAsync("more");
        }
    }

    [Fact]
    public async Task A_cut_power_during_the_repair_is_survived()
    {
        MemoryFileSystem[] disks = await WriteAsync(isMarkSaved: true);
        bool isCut = true;
        for (int call = 0; isCut; call += 5)
        {
            await using PumpedCluster cluster = new(disks: disks);
            Flip(cluster.Disks[1], FindEntry(cluster.Disks[1], new LogIndex(9)) + 50);
            cluster.Disks[1].CutPowerAt(call);
            cluster.Start(1, 2, 3);
            MemoryFileSystem disk = cluster.Disks[1];
            await cluster.RunAsync(
                () => disk.IsOff || cluster.Machines[1].Commands.Count == Written.Length, "the cut or the repair");
            isCut = disk.IsOff;
            if (isCut)
            {
                cluster.Nodes.Remove(1);
                disk.CutPower(new RandomCrash(new Random(call)));
                cluster.Start(1);
            }
            else
            {
                disk.CutPowerAt(long.MaxValue / 2);
            }

            await cluster.ConvergedAsync(Written, 1, 2, 3);
        }
    }

    private static async Task<MemoryFileSystem[]> WriteAsync(
        bool isMarkSaved, string[]? commands = null, Action<RaftOptions>? configure = null)
    {
        await using PumpedCluster cluster = new(configure);
        cluster.Start(1, 2, 3);
        commands ??= Written;
        for (int i = 0; i < commands.Length; i++)
        {
            await cluster.ProposeAsync(commands[i]);
            if (i % 10 == 9)
            {
                // Another leader: other terms and votes.
                ulong leader = cluster.Leader!.Id.Value;
                await cluster.StopAsync(leader);
                cluster.Start(leader);
            }
        }

        await cluster.ConvergedAsync(commands, 1, 2, 3);
        for (ulong id = 1; id <= 3; id++)
        {
            if (isMarkSaved)
                await cluster.StopAsync(id);
            else
                cluster.Kill(id);
        }

        return [.. cluster.Disks.Values];
    }

    private static IEnumerable<string> SegmentsOf(MemoryFileSystem disk) =>
        disk.Paths.Where(path => path.EndsWith(WalSegment.Suffix, StringComparison.Ordinal));

    private static string FirstSegment(MemoryFileSystem disk) => SegmentsOf(disk).First();

    private static List<(int Start, int Size)> RecordsOf(MemoryFileSystem disk)
    {
        List<(int Start, int Size)> records = [];
        byte[] bytes = disk.ReadAll(FirstSegment(disk));
        WalSegmentHeader header = WalSegmentHeader.Read(bytes, "", out _)!.Value;
        int offset = WalSegmentHeader.PageBytes;
        while (WalRecord.TryRead(bytes, PlaceOf(header, offset), out WalRecord record))
        {
            records.Add((offset, record.Size));
            offset += record.Size;
        }

        return records;
    }

    private static int FindEntry(MemoryFileSystem disk, LogIndex index)
    {
        byte[] bytes = disk.ReadAll(FirstSegment(disk));
        WalSegmentHeader header = WalSegmentHeader.Read(bytes, "", out _)!.Value;
        return RecordsOf(disk).Single(place =>
            WalRecord.TryRead(bytes, PlaceOf(header, place.Start), out WalRecord record)
            && record.Kind is WalRecordKind.Entry && record.Id.Index == index).Start;
    }

    private static WalPlace PlaceOf(in WalSegmentHeader header, int offset) =>
        new(header.Epoch, WalPlace.SaltOf(header.DirectoryId, header.Epoch), offset);

    private static void Flip(MemoryFileSystem disk, int offset) => disk.Flip(FirstSegment(disk), offset, 0x10);
}
