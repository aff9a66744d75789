using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Directories that lost something: a member refuses or repairs, and never forgets silently.</summary>
public sealed class DamageTests(ITestOutputHelper output)
{
    private const int Keys = 200;

    [Fault("D17", "a wiped directory under an old name", "its peers refuse it, and its vote does not count")]
    [Fact]
    public async Task A_member_with_a_wiped_directory_is_refused_by_its_peers()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await FillAsync(leader);
        await cluster.ConvergedAsync();
        ClusterMember wiped = cluster.Members.First(member => member != leader);
        wiped.Process!.Kill();
        Directory.Delete(wiped.DataDirectory, recursive: true);
        cluster.Start(wiped);
        await IsRefusedAsync(wiped, "what it promised is forgotten");
        await leader.Client.MustPutAsync("served", "yes");

        // Its vote must not count: with it and one of the old members alone there is no majority.
        ClusterMember third = cluster.Members.Single(member => member != leader && member != wiped);
        third.Process!.Kill();
        Assert.NotEqual(WriteOutcome.Acknowledged, (await leader.Client.PutAsync("alone", "no")).Outcome);
    }

    [Fault("D19", "an older copy of the directory", "its peers refuse it")]
    [Fact]
    public async Task A_member_with_an_older_copy_of_its_directory_is_refused_by_its_peers()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await FillAsync(leader);
        await cluster.ConvergedAsync();
        ClusterMember restored = cluster.Members.First(member => member != leader);
        restored.Process!.Kill();
        string copy = restored.DataDirectory + ".copy";
        CopyDirectory(restored.DataDirectory, copy);

        await cluster.StartAndWaitAsync(restored);
        await leader.Client.MustPutAsync("acknowledged", "by two or three");
        await cluster.ConvergedAsync();
        restored.Process!.Kill();
        restored.DataDirectory = copy;
        cluster.Start(restored);
        await IsRefusedAsync(restored, "its directory is an older copy");
        await leader.Client.MustPutAsync("served", "yes");
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("garbled")]
    [InlineData("deleted")]
    public async Task Damage_to_a_single_nodes_log_is_refused_or_loses_nothing(string damage)
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await FillAsync(node);
        node.Process!.Signal("TERM");
        await node.Process.ExitAsync();
        string log = NewestSegment(node);
        Damage(log, damage);

        cluster.Start(node);
        await RefusesOrServesAllAsync(cluster, node);
        if (node.Process.HasExited)
        {
            await node.Process.ExitAsync();
            FlagTests.AssertRefused(node.Process, 1, node.DataDirectory);
        }
    }

    [Fault("D8", "a log cut, garbled, deleted at one member", "repaired from the others; the cluster loses nothing")]
    [Theory]
    [InlineData("truncated")]
    [InlineData("garbled")]
    [InlineData("deleted")]
    public async Task Damage_to_one_members_log_costs_the_cluster_nothing(string damage)
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await FillAsync(leader);
        await cluster.ConvergedAsync();
        ClusterMember victim = cluster.Members.First(member => member != leader);
        victim.Process!.Signal("TERM");
        await victim.Process.ExitAsync();
        Damage(NewestSegment(victim), damage);

        cluster.Start(victim);
        await RefusesOrServesAllAsync(cluster, victim);
        // A log that is not there at all is another member's or none; any that is left is repaired from the others.
        Assert.True(victim.IsRunning || damage is "deleted");
        await cluster.WritesAsync(leader, "after", "yes");
        Assert.Equal(Keys, (await leader.Client.GetPrefixAsync("key/")).Count);
    }

    [Fault("D8", "a flipped byte in one member's log", "repaired from the others, by itself")]
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public async Task A_flipped_byte_in_a_members_log_needs_no_operator(double place)
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await FillAsync(leader);
        await cluster.ConvergedAsync();
        ClusterMember victim = cluster.Members.First(member => member != leader);
        victim.Process!.Signal("TERM");
        await victim.Process.ExitAsync();
        FlipByte(NewestSegment(victim), place);

        cluster.Start(victim);
        await RefusesOrServesAllAsync(cluster, victim);
        Assert.Contains("repairs its log", victim.Process.Errors, StringComparison.Ordinal);

        // The repaired member is needed for a majority now.
        ClusterMember third = cluster.Members.Single(member => member != leader && member != victim);
        third.Process!.Kill();
        await cluster.WritesAsync(leader, "after", "yes");
        Assert.Equal(Keys, (await victim.Client.GetPrefixAsync("key/")).Count);
    }

    [Fault("D1", "a torn last write", "it is cut; nothing acknowledged is lost")]
    [Fact]
    public async Task A_torn_last_write_is_cut_and_nothing_acknowledged_is_lost()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        await FillAsync(node);
        node.Process!.Kill();

        // What a power failure leaves: the beginning of a record that nobody was told of.
        string log = NewestSegment(node);
        long end = EndOfBytes(log);
        using (FileStream file = new(log, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = (end + 7) & ~7L;
            file.Write([0x40, 0x00, 0x00, 0x00, 0x12, 0x34, 0x56, 0x78, 0x01]);
        }

        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        Assert.Equal(Keys, (await node.Client.GetPrefixAsync("key/")).Count);
    }

    private static async Task FillAsync(ClusterMember at)
    {
        for (int i = 0; i < Keys; i++)
            await at.Client.MustPutAsync($"key/{i:000}", $"value {i}");
    }

    /// <summary>Waits until the process has ended with a reason, or holds every key by itself.</summary>
    private static Task RefusesOrServesAllAsync(TestCluster cluster, ClusterMember member) =>
        Eventually.IsTrueAsync($"{member.Name} refuses, or has every key.", async () =>
        {
            if (!member.IsRunning)
                return true;
            if (await member.Client.TryGetStatusAsync() is not { Leader: not null })
                return false;

            KeyRangeAnswer range = await member.Client.GetPrefixAsync("key/", serializable: true);
            return range.Count == Keys && cluster.Running.Contains(member);
        });

    /// <summary>Waits until the member itself says that a peer refused it, and why: its operator looks there.</summary>
    private static Task IsRefusedAsync(ClusterMember member, string why) => Eventually.IsTrueAsync(
        $"{member.Name} says that it is refused: {why}.",
        () => member.Process!.Errors.Split('\n').Any(line =>
            line.Contains("refused this member", StringComparison.Ordinal)
            && line.Contains(why, StringComparison.Ordinal)));

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string NewestSegment(ClusterMember member) =>
        Directory.EnumerateFiles(member.DataDirectory, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path) is ".wal")
            .Where(path => EndOfBytes(path) > 8192)
            .Order(StringComparer.Ordinal)
            .Last();

    /// <summary>Segments are filled with zeroes beforehand; the log ends where only those follow.</summary>
    private static long EndOfBytes(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }

    private static void FlipByte(string path, double place)
    {
        const int FirstRecord = 4096;
        long offset = FirstRecord + (long)((EndOfBytes(path) - FirstRecord) * place);
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = offset;
        int value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 0x10));
    }

    private static void Damage(string path, string how)
    {
        long end = EndOfBytes(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        switch (how)
        {
            case "truncated":
                file.SetLength(end / 2);
                break;
            case "garbled":
                file.Position = end / 2;
                file.Write("garbled by a test"u8);
                break;
            default:
                File.Delete(path);
                break;
        }
    }
}
