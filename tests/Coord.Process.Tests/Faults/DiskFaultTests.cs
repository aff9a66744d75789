using Coord.Client;
using Coord.Kv.Coordination;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using ClusterMember = Coord.Process.Tests.Harness.ClusterMember;

namespace Coord.Process.Tests.Faults;

/// <summary>A disk that fails or waits under one member of a cluster at work.</summary>
/// <remarks>Calls are counted from the moment at which strace comes in, so they fall into the load.</remarks>
public sealed class DiskFaultTests(ITestOutputHelper output)
{
    private const string Halts = "halts with exit code 3 and one line that says where; the others serve; it returns";

    [Fault("D20", "ENOSPC on a write of the leader's log", Halts)]
    [FaultFact(Needs.Strace)]
    public Task A_leader_without_space_for_its_log_halts() =>
        HaltsAsync(isLeader: true, "pwrite64:error=ENOSPC:when=20", "offset", "No space left on device");

    [Fault("D22", "EIO on a write of a follower's log", Halts)]
    [FaultFact(Needs.Strace | Needs.LongForm)]
    public Task A_follower_whose_disk_fails_a_write_halts() =>
        HaltsAsync(isLeader: false, "pwrite64:error=EIO:when=20", "offset", "Input/output error");

    /// <summary>The kernel has forgotten the pages: the sync after it succeeds, and proves nothing.</summary>
    [Fault("D23", "EIO on one fdatasync of the leader's log, then success", Halts)]
    [FaultFact(Needs.Strace)]
    public Task A_leader_whose_disk_fails_a_sync_halts_although_the_next_would_succeed() =>
        HaltsAsync(isLeader: true, "fdatasync:error=EIO:when=20", "fdatasync", "Input/output error");

    [Fault("D28", "the log's file system becomes read-only (EROFS on a write)", Halts)]
    [FaultFact(Needs.Strace | Needs.LongForm)]
    public Task A_member_whose_disk_becomes_read_only_halts() =>
        HaltsAsync(isLeader: false, "pwrite64:error=EROFS:when=20", "offset", "Read-only file system");

    /// <summary>The runtime's own flush returns normally here, so this is what shows that it is not used.</summary>
    [Fault("§1", "EIO on the fdatasync of a lone node's log", "the write is not acknowledged; nothing older is lost")]
    [FaultFact(Needs.Strace)]
    public async Task What_was_not_synced_is_not_acknowledged()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await node.Client.MustPutAsync("before", "1");
        using Strace strace = Strace.Attach(node.Process!, Strace.Log, "fdatasync:error=EIO:when=1+");
        WriteResult result = await node.Client.PutAsync("failed", "2");
        Assert.Equal(WriteOutcome.Unknown, result.Outcome);
        await LoadedCluster.HaltsAsync(node);
        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        Assert.Equal("1", (await node.Client.GetAsync("before"))!.Value);
        output.WriteLine($"seen: exit code 3, the write is {result.Outcome}, the older one is there");
    }

    /// <summary>The call says that it has written nothing; a loop that took it for all would leave a hole.</summary>
    [Fault("D25", "a write of the log that writes less than it was given", "goes on with the rest; no hole in the log")]
    [FaultFact(Needs.Strace | Needs.LongForm)]
    public async Task A_short_write_is_completed()
    {
        using LoadedCluster load = new(output);
        ClusterMember leader = await load.StartAsync();
        using (Strace strace = Strace.Attach(leader.Process!, Strace.Log, "pwrite64:retval=0:when=5+5"))
        {
            await Eventually.IsTrueAsync("writes were cut short.", () => strace.Injected >= 5);
            await load.GoesOnAsync("with short writes");
        }

        // A hole would show now: the log is read again.
        leader.Process!.Kill();
        await load.ReturnsAsync(leader);
        output.WriteLine($"seen: after 5 short writes and a restart {await load.EndAsync()}");
    }

    [Fault("D21", "ENOSPC on every write of a snapshot", "the log works on, nothing is left over, a later one works")]
    [FaultFact(Needs.Strace)]
    public async Task A_snapshot_that_cannot_be_written_harms_nobody_and_is_made_later()
    {
        using LoadedCluster load = new(output, "--snapshot-count", "100");
        ClusterMember leader = await load.StartAsync();
        string folder = Path.Combine(leader.DataDirectory, "snapshots");
        string? Newest() => Directory.GetFiles(folder, "*.snapshot").Order(StringComparer.Ordinal).LastOrDefault();
        string? before;
        using (Strace strace = Strace.Attach(leader.Process!, Strace.Snapshot, "pwrite64:error=ENOSPC"))
        {
            before = Newest();
            await Eventually.IsTrueAsync("two snapshots have failed.", () => strace.Injected >= 2);
            await load.GoesOnAsync("without snapshots");
            Assert.Contains("A snapshot could not be saved", leader.Process!.Errors, StringComparison.Ordinal);
        }

        await Eventually.IsTrueAsync("a snapshot is saved.", () => Newest() != before);
        string end = await load.EndAsync();
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
        output.WriteLine($"seen: writes went on, then a snapshot was saved; {end}");
    }

    [Fault("D26", "each fdatasync of the leader takes 300 ms more", "writes go on; no lease ends; <= 1 election")]
    [FaultFact(Needs.Strace | Needs.LongForm)]
    public async Task A_leader_with_a_slow_disk_keeps_the_cluster_and_its_leases_going()
    {
        using LoadedCluster load = new(output);
        ClusterMember leader = await load.StartAsync();
        await using CoordClient client = new(load.Cluster.Members.Select(member => member.ClientUrl));
        await using CoordinationSession session = await CoordinationSession.CreateAsync(client, LockHolder.Session);
        long term = (await leader.Client.TryGetStatusAsync())!.Term;
        string took = "";
        using (Strace strace = Strace.Attach(leader.Process!, Strace.Log, "fdatasync:delay_enter=300ms"))
        {
            // Longer than the lease lasts: what keeps it alive goes through the slow disk.
            await Eventually.IsTrueAsync("fifteen syncs were slow.", () => strace.Injected >= 15);
            took = await load.GoesOnAsync("on a slow disk");
            Assert.False(session.IsLost);
        }

        long elections = (await leader.Client.TryGetStatusAsync())!.Term - term;
        Assert.InRange(elections, 0, 1);
        Assert.NotNull(await client.GetLeaseAsync(session.Lease));
        string end = await load.EndAsync();
        output.WriteLine($"seen: nine writes in {took}, {elections} elections, the lease lives; {end}");
    }

    [Fault("D27", "an fdatasync of the leader hangs for 60 s", "another leads after an election timeout; it returns")]
    [FaultFact(Needs.Strace)]
    public async Task A_leader_whose_disk_hangs_is_replaced()
    {
        using LoadedCluster load = new(output);
        ClusterMember leader = await load.StartAsync();
        long start = TimeProvider.System.GetTimestamp();
        leader.TakesLoad = false;
        ClusterMember next;
        TimeSpan took;
        using (Strace strace = Strace.Attach(leader.Process!, Strace.Log, "fdatasync:delay_enter=60s:when=1"))
        {
            next = await load.Cluster.LeaderAsync(besides: leader);
            took = TimeProvider.System.GetElapsedTime(start);
            await load.GoesOnAsync("although a disk hangs");
            Assert.NotEqual("leader", (await leader.Client.TryGetStatusAsync())?.Role);
        }

        Assert.True(took < TimeSpan.FromSeconds(20), $"It took {took}, and the disk hung for 60 s.");
        leader.TakesLoad = true;
        output.WriteLine($"seen: {next.Name} led after {took.TotalMilliseconds:0} ms; {await load.EndAsync()}");
    }

    [Fault("D24", "EIO on reading a file of the directory at start", "once: read again; always: refused with its name")]
    [FaultFact(Needs.Strace)]
    public async Task A_file_that_cannot_be_read_is_read_again_and_then_named()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Kill();
        string trace = Path.Combine(cluster.Directory, "trace");
        string segment = Directory.GetFiles(Path.Combine(node.DataDirectory, "log"), "*1.wal").Single();
        string snapshot = Directory.GetFiles(Path.Combine(node.DataDirectory, "snapshots"), "*.snapshot").Single();
        foreach (string file in (string[])["identity", "log/durable.mark", snapshot])
        {
            string path = Path.Combine(node.DataDirectory, file);
            cluster.Start(node, Strace.Launch(trace, path, "pread64:error=EIO"));
            await node.Process!.ExitAsync();
            FlagTests.AssertRefused(node.Process, 1, path);
            Assert.Contains("Input/output error", node.Process.Errors, StringComparison.Ordinal);
        }

        await cluster.StartAndWaitAsync(node, Strace.Launch(trace, segment, "pread64:error=EIO:when=1"));
        Assert.True(Strace.InjectedIn(trace) > 0);
        await cluster.LeaderAsync();
        Assert.Equal("yes", (await node.Client.GetAsync("kept"))!.Value);
        output.WriteLine("seen: three starts refused with the file's name; a segment was read at the second try");
    }

    [Fault("D28", "a start on a read-only file system", "refused in one line that names the directory")]
    [FaultFact(Needs.Tmpfs)]
    public async Task A_start_on_a_read_only_disk_is_refused()
    {
        using Tmpfs disk = new(160);
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = cluster.Members[0];
        node.DataDirectory = Path.Combine(disk.Path, "data");
        await cluster.StartAsync();
        await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Kill();
        disk.Remount("ro");
        cluster.Start(node);
        await node.Process!.ExitAsync();
        FlagTests.AssertRefused(node.Process, 1, node.DataDirectory);
        disk.Remount("rw");
        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        Assert.Equal("yes", (await node.Client.GetAsync("kept"))!.Value);
        output.WriteLine("seen: refused with exit code 1; started when it could be written again");
    }

    private async Task HaltsAsync(bool isLeader, string injection, params string[] said)
    {
        using LoadedCluster load = new(output);
        ClusterMember leader = await load.StartAsync();
        ClusterMember victim = isLeader ? leader : load.OtherThan(leader);
        string line;
        using (Strace strace = Strace.Attach(victim.Process!, Strace.Log, injection))
        {
            line = await LoadedCluster.HaltsAsync(victim);
            Assert.Equal(1, strace.Injected);
        }

        foreach (string word in (string[])[Path.Combine(victim.DataDirectory, "log"), .. said])
            Assert.Contains(word, line, StringComparison.Ordinal);
        string took = await load.GoesOnAsync("without the member");
        await load.ReturnsAsync(victim);
        output.WriteLine($"seen: exit code 3, said where; next nine writes in {took}; {await load.EndAsync()}");
    }
}
