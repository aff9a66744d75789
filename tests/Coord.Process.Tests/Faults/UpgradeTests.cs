using Coord.Client;
using Coord.Kv;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using ClusterMember = Coord.Process.Tests.Harness.ClusterMember;

namespace Coord.Process.Tests.Faults;

/// <summary>Two versions in one cluster: members change one by one while clients write.</summary>
public sealed class UpgradeTests(ITestOutputHelper output)
{
    [Fault("P16", "the former version to this one and back, under load", "no divergence, nothing lost")]
    [FaultFact(Needs.Previous | Needs.LongForm)]
    public async Task A_cluster_changes_its_version_and_back_under_load()
    {
        HostCommand former = new() { Assembly = FaultFactAttribute.Previous! };
        using LoadedCluster load = new(output, "--snapshot-count", "300", "--log-level", "warn");
        await load.StartAsync(former);
        await using CoordClient client = new(load.Cluster.Members.Select(member => member.ClientUrl));
        await AgreeAsync(load, client);
        foreach (HostCommand command in (HostCommand[])[new(), former])
        {
            foreach (ClusterMember member in load.Cluster.Members)
            {
                member.Process!.Signal("TERM");
                Assert.Equal(0, await member.Process.ExitAsync());
                await load.GoesOnAsync("without the member");
                await load.Cluster.StartAndWaitAsync(member, command);
                await load.GoesOnAsync("with both versions");
                await AgreeAsync(load, client);
            }
        }

        output.WriteLine($"seen: three members up and down again, equal checksums after each; {await load.EndAsync()}");
    }

    /// <summary>Asks all members for the checksum of their copies at one revision, while writes go on.</summary>
    private static async Task AgreeAsync(LoadedCluster load, CoordClient client)
    {
        long revision = (await client.GetAsync(KeyRange.Single("none"u8.ToArray()))).Revision.Value;
        List<uint> hashes = [];
        foreach (ClusterMember member in load.Cluster.Members)
        {
            await Eventually.IsTrueAsync($"{member.Name} has revision {revision}.", async () =>
                await member.Client.TryGetStatusAsync() is { } status && status.Revision >= revision);
            hashes.Add((await client.Maintenance.HashAsync(new Revision(revision), member.ClientUrl)).Hash);
        }

        Assert.Single(hashes.Distinct());
    }
}
