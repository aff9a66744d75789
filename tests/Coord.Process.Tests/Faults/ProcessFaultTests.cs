using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Numerics;
using Coord.Client;
using Coord.Kv;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using ClusterMember = Coord.Process.Tests.Harness.ClusterMember;
using MemberStatus = Coord.Process.Tests.Harness.MemberStatus;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Faults;

/// <summary>What is done to a process from outside: pauses, clocks, limits, directories that are not its own.</summary>
public sealed class ProcessFaultTests(ITestOutputHelper output)
{
    [Fault("P4", "writes that wait at a leader that is suspended and replaced", "none is acknowledged in its old term")]
    [FaultFact]
    public async Task A_leader_that_was_suspended_acknowledges_nothing_in_its_old_term()
    {
        using LoadedCluster load = new(output);
        ClusterMember paused = await load.StartAsync();
        long term = (await paused.Client.TryGetStatusAsync())!.Term;
        paused.TakesLoad = false;
        paused.Process!.Signal("STOP");
        ClusterMember next = await load.Cluster.LeaderAsync(besides: paused);
        await load.GoesOnAsync("without the leader");
        long revision = await next.Client.MustPutAsync("who", "next");

        // They are the first that it sees when it resumes, and it believes to lead.
        Task<WriteResult>[] writes =
            [.. Enumerable.Range(0, 20).Select(i => paused.Client.PutAsync($"late/{i:00}", "late"))];
        Task<KeyValueEntry?>[] reads = [.. writes.Select(_ => paused.Client.TryGetAsync("who"))];
        paused.Process.Signal("CONT");
        WriteResult[] results = await Task.WhenAll(writes);
        foreach (KeyValueEntry? read in await Task.WhenAll(reads))
            Assert.True(read is null or { Value: "next" }, $"A stale read: {read}");

        paused.TakesLoad = true;
        string end = await load.EndAsync();
        Dictionary<string, KeyValueEntry> held =
            (await next.Client.GetPrefixAsync("late/")).Kvs.ToDictionary(pair => pair.Key);
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].Outcome is not WriteOutcome.Acknowledged)
                continue;

            Assert.True(results[i].Revision > revision, $"{results[i]} is older than the new leader's {revision}.");
            Assert.Equal(results[i].Revision, held[$"late/{i:00}"].ModRevision);
        }

        Assert.True((await paused.Client.TryGetStatusAsync())!.Term > term);
        int acknowledged = results.Count(result => result.Outcome is WriteOutcome.Acknowledged);
        output.WriteLine($"seen: {acknowledged} of 20 acknowledged, all in the new term; no stale read; {end}");
    }

    [Fault("P7", "the leader gets a twentieth of the time", "writes go on; nothing is lost")]
    [FaultFact(Needs.LongForm)]
    public async Task A_leader_that_is_throttled_costs_no_write()
    {
        using LoadedCluster load = new(output);
        ClusterMember leader = await load.StartAsync();
        long term = (await leader.Client.TryGetStatusAsync())!.Term;
        using (new Throttle(leader.Process!, 0.05))
        {
            for (int i = 0; i < 5; i++)
                await load.GoesOnAsync("beside a throttled member");
        }

        string end = await load.EndAsync();
        long elections = (await leader.Client.TryGetStatusAsync())!.Term - term;
        output.WriteLine($"seen: {elections} elections; {end}");
    }

    [Fault("P8", "the wall clock of all members steps by +1 h", "leases end neither early nor late; no election")]
    [Fault("P9", "the wall clock of all members steps by -2 h", "leases end neither early nor late; no election")]
    [FaultFact(Needs.Compiler)]
    public async Task A_step_of_the_wall_clock_changes_nothing()
    {
        TimeSpan timeToLive = TimeSpan.FromSeconds(5);
        using WallClock clock = new();
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync(clock.Command);
        await cluster.ConvergedAsync();
        MemberStatus before = (await leader.Client.TryGetStatusAsync())!;
        await using CoordClient client = new(cluster.Members.Select(member => member.ClientUrl));
        List<(string Key, long Granted)> leases = [];
        foreach (TimeSpan offset in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-1)])
        {
            string key = $"{offset.TotalHours} h";
            long granted = TimeProvider.System.GetTimestamp();
            await PutWithLeaseAsync(client, key, timeToLive);
            await PutWithLeaseAsync(client, "short", TimeSpan.FromSeconds(1));
            clock.Set(offset);
            foreach (ClusterMember member in cluster.Members)
                await ShowsAsync(member, offset);

            // When it has gone, somebody has looked at the leases since the step.
            await EndsAsync(leader, "short");
            KeyValueEntry? kept = await leader.Client.GetAsync(key);
            bool isDue = TimeProvider.System.GetElapsedTime(granted) > timeToLive;
            Assert.True(kept is not null || isDue, $"The lease of {key} ended early.");
            leases.Add((key, granted));
        }

        List<string> lived = [];
        foreach ((string key, long granted) in leases)
        {
            await EndsAsync(leader, key);
            TimeSpan age = TimeProvider.System.GetElapsedTime(granted);
            Assert.InRange(age, timeToLive, 4 * timeToLive);
            lived.Add($"{age.TotalSeconds:0.0} s");
        }

        MemberStatus after = (await leader.Client.TryGetStatusAsync())!;
        Assert.Equal((before.Term, before.Leader), (after.Term, after.Leader));
        output.WriteLine($"seen: leases of 5 s lived {string.Join(" and ", lived)}; the same leader in the same term");
    }

    [Fault("P12", "a member gets no more memory (RLIMIT_AS)", "as if killed; the others serve; it returns")]
    [FaultFact(Needs.LongForm)]
    public async Task A_member_without_memory_ends_and_returns()
    {
        using LoadedCluster load = new(output);
        ClusterMember victim = load.OtherThan(await load.StartAsync());
        Limit(victim, "--as=1");
        await Eventually.IsTrueAsync("it runs out of memory.", () => !victim.IsRunning);
        int code = await victim.Process!.ExitAsync();
        Assert.NotEqual(0, code);
        string took = await load.GoesOnAsync("without the member");
        await load.ReturnsAsync(victim);
        output.WriteLine($"seen: exit code {code}; next nine writes in {took}; {await load.EndAsync()}");
    }

    /// <summary>The kernel writes up to the limit, and then sends a signal that ends the process.</summary>
    [Fault("D25", "a write of the log ends at a limit (RLIMIT_FSIZE)", "as if killed; the others serve; it returns")]
    [FaultFact(Needs.LongForm)]
    public async Task A_member_whose_write_is_cut_by_a_limit_ends_and_returns()
    {
        using LoadedCluster load = new(output);
        ClusterMember victim = load.OtherThan(await load.StartAsync());
        Limit(victim, "--fsize=6000");
        await Eventually.IsTrueAsync("it ends.", () => !victim.IsRunning);
        int code = await victim.Process!.ExitAsync();
        Assert.NotEqual(0, code);
        await load.ReturnsAsync(victim);
        output.WriteLine($"seen: exit code {code}; {await load.EndAsync()}");
    }

    [Fault("P18", "clients open more connections than there are descriptors", "the member works on; recovers")]
    [FaultFact]
    public async Task Clients_cannot_take_all_descriptors_of_a_member()
    {
        using LoadedCluster load = new(output);
        HostCommand limited = new() { Prefix = ["prlimit", "--nofile=720:720"] };
        ClusterMember leader = await load.StartAsync(limited);
        long term = (await leader.Client.TryGetStatusAsync())!.Term;
        leader.TakesLoad = false;
        List<TcpClient> clients = [];
        List<TcpClient> refused = [];
        foreach (int port in Enumerable.Repeat(leader.ClientPort, 800).Concat(Enumerable.Repeat(leader.PeerPort, 200)))
        {
            TcpClient client = new();
            await client.ConnectAsync("127.0.0.1", port);
            clients.Add(client);
        }

        await Eventually.IsTrueAsync("some are turned away.", () =>
        {
            refused = [.. clients.Where(IsClosed)];
            return refused.Count >= 400;
        });
        for (int i = 0; i < 3; i++)
            await load.GoesOnAsync("beside many clients");
        Assert.True(leader.IsRunning, leader.Transcript());
        clients.ForEach(client => client.Dispose());
        await load.Cluster.AnswersAsync(leader);
        leader.TakesLoad = true;
        string end = await load.EndAsync();
        Assert.Equal(term, (await leader.Client.TryGetStatusAsync())!.Term);
        output.WriteLine($"seen: {refused.Count} of 1000 connections turned away, the leader stayed; {end}");
    }

    [Fault("P15", "a directory that a later version has written", "refused in one line that names both versions")]
    [FaultFact]
    public async Task The_directory_of_a_later_version_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Kill();
        string identity = Path.Combine(node.DataDirectory, "identity");
        string segment = Directory.GetFiles(Path.Combine(node.DataDirectory, "log"), "*1.wal").Single();
        foreach ((string file, int checksum) in ((string, int)[])[(identity, 60), (segment, 4092)])
        {
            byte[] bytes = await File.ReadAllBytesAsync(file);
            await File.WriteAllBytesAsync(file, OfVersion(bytes, 9, checksum));
            cluster.Start(node);
            await node.Process!.ExitAsync();
            FlagTests.AssertRefused(node.Process, 1, file);
            Assert.Contains("version 9, and this program reads 1", node.Process.Errors, StringComparison.Ordinal);
            await File.WriteAllBytesAsync(file, bytes);
        }

        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        Assert.Equal("yes", (await node.Client.GetAsync("kept"))!.Value);
        output.WriteLine("seen: identity and log refused; with the version put back it starts");
    }

    [Fault("D33", "a directory that all may write to", "refused in one line that says what to do")]
    [FaultFact]
    public async Task A_directory_that_others_could_change_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = cluster.Members[0];
        Directory.CreateDirectory(node.DataDirectory);
        Run("chmod", "777", node.DataDirectory);
        cluster.Start(node);
        await node.Process!.ExitAsync();
        FlagTests.AssertRefused(node.Process, 1, node.DataDirectory);
        Assert.Contains("chmod o-w", node.Process.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(node.DataDirectory));
        output.WriteLine("seen: refused with exit code 1 and chmod o-w; nothing was written there");
    }

    [Fault("D33", "a directory of another user", "refused in one line that names both users")]
    [FaultFact(Needs.Root)]
    public async Task A_directory_of_another_user_is_refused()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = cluster.Members[0];
        Directory.CreateDirectory(node.DataDirectory);
        Run("chown", "65534", node.DataDirectory);
        cluster.Start(node);
        await node.Process!.ExitAsync();
        FlagTests.AssertRefused(node.Process, 1, "it belongs to user 65534, and this process is 0");
        output.WriteLine("seen: refused with exit code 1");
    }

    private static async Task PutWithLeaseAsync(CoordClient client, string key, TimeSpan timeToLive)
    {
        LeaseId lease = (await client.GrantLeaseAsync(timeToLive)).Id;
        await client.PutAsync(System.Text.Encoding.UTF8.GetBytes(key), "1"u8.ToArray(), new() { Lease = lease });
    }

    private static Task EndsAsync(ClusterMember at, string key) => Eventually.IsTrueAsync(
        $"the lease of {key} ends.", async () => await at.Client.TryGetAsync(key) is null);

    private static void Limit(ClusterMember member, string limit) =>
        Run("prlimit", "--pid", $"{member.Process!.Id}", limit);

    private static void Run(string program, params string[] arguments)
    {
        using OsProcess process = OsProcess.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>Waits until the time that a member writes into its answers is off by so much.</summary>
    private static Task ShowsAsync(ClusterMember member, TimeSpan offset) => Eventually.IsTrueAsync(
        $"the clock of {member.Name} shows {offset} more.", async () =>
        {
            using HttpResponseMessage answer = await member.Client.Http.GetAsync("v1/status");
            HttpResponseHeaders headers = answer.Headers;
            TimeSpan off = headers.Date!.Value - TimeProvider.System.GetUtcNow();
            return (off - offset).Duration() < TimeSpan.FromMinutes(10);
        });

    private static bool IsClosed(TcpClient client) =>
        client.Client.Poll(0, SelectMode.SelectRead) && client.Available == 0;

    /// <summary>Forges the version of a file whose first bytes have it at offset 8, and a CRC-32C over them.</summary>
    private static byte[] OfVersion(byte[] bytes, uint version, int checksum)
    {
        byte[] forged = [.. bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(forged.AsSpan(8), version);
        uint crc = uint.MaxValue;
        foreach (byte b in forged.AsSpan(0, checksum))
            crc = BitOperations.Crc32C(crc, b);
        BinaryPrimitives.WriteUInt32LittleEndian(forged.AsSpan(checksum), ~crc);
        return forged;
    }
}
