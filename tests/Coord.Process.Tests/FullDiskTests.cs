using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>A full disk: the member stops and says so, the others go on, and it returns without a loss.</summary>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    /// <summary>Room for the first segments of the log, and little more.</summary>
    private const int Megabytes = 256;

    [Fault(
        "D20", "a small file system fills up under a member",
        "halts, the others serve; returns when there is space")]
    [TmpfsFact]
    public async Task A_member_whose_disk_is_full_stops_and_returns_when_there_is_space()
    {
        using Tmpfs disk = new(Megabytes);
        using TestCluster cluster = new(output);
        ClusterMember full = cluster.Members[0];
        full.DataDirectory = Path.Combine(disk.Path, "data");
        await cluster.StartAsync();
        await cluster.ConvergedAsync();
        disk.Fill();

        // Until its log needs a segment that it can no longer get. At the others, because it might be the leader.
        string value = new('x', 500_000);
        int written = 0;
        await Eventually.IsTrueAsync("the member stops.", async () =>
        {
            ClusterMember at = cluster.Members[1 + (written % 2)];
            if ((await at.Client.PutAsync($"fill/{written:0000}", value)).Outcome is WriteOutcome.Acknowledged)
                written++;
            return full.Process!.HasExited;
        });
        Assert.Equal(3, full.Process!.ExitCode);
        Assert.Contains("coord-host: the node stopped by itself", full.Process.Errors, StringComparison.Ordinal);
        Assert.Contains("space", full.Process.Errors, StringComparison.OrdinalIgnoreCase);

        await cluster.WritesAsync(cluster.Members[1], "others", "go on");
        disk.Free();
        await cluster.StartAndWaitAsync(full);
        await cluster.ConvergedAsync();
        KeyRangeAnswer all = await full.Client.GetPrefixAsync("fill/", serializable: true);
        Assert.True(all.Count >= written, $"{all.Count} of {written} writes are there.");
        Assert.Equal("go on", (await full.Client.GetAsync("others"))!.Value);
    }

    [Fault("D20", "a start on a full file system", "refused in one line")]
    [TmpfsFact]
    public async Task A_start_on_a_full_disk_is_refused_in_one_line()
    {
        using Tmpfs disk = new(4);
        disk.Fill();
        using HostProcess host = await HostProcess.RunAsync(
            ["--data-dir", Path.Combine(disk.Path, "data"),
            "--listen-client-urls", $"http://127.0.0.1:{FreePorts.Next()}",
            "--listen-peer-urls", $"http://127.0.0.1:{FreePorts.Next()}"],
            disk.Path);
        output.WriteLine(host.Transcript());
        FlagTests.AssertRefused(host, 1, disk.Path);
    }
}
