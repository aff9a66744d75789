using System.Net.Http.Json;
using System.Text.Json;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Members come and go over the wire, as etcd's tools do it, and the data stays.</summary>
public sealed class MembershipTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_member_is_replaced_by_a_new_one_that_catches_up()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        for (int i = 0; i < 20; i++)
            await leader.Client.MustPutAsync($"key{i}", $"value{i}");

        // Both asked of a follower, which is no less able to do it.
        ClusterMember leaving = cluster.Members.First(member => member != leader);
        ClusterMember asked = cluster.Members.First(member => member != leader && member != leaving);
        await NamedAsync(asked, cluster.Members.Count);
        await CallAsync(asked, "member/remove", new { ID = await IdOfAsync(asked, leaving.Name) });
        leaving.Process!.Kill();

        using ClusterMember joining = cluster.CreateMember("n4");
        using JsonDocument added =
            await CallAsync(asked, "member/add", new { peerURLs = (string[])[joining.PeerUrl] });
        string id = added.RootElement.GetProperty("member").GetProperty("ID").GetString()!;
        ClusterMember[] present = [leader, asked, joining];
        string initial = string.Join(',', present.Select(member => $"{member.Name}={member.PeerUrl}"));
        string[] flags =
            [.. cluster.FlagsOf(joining), "--initial-cluster", initial, "--initial-cluster-state", "existing"];
        joining.Run(HostProcess.Start(flags, cluster.Directory));
        await ReadsAsync(joining, "key19", "value19");
        Assert.Equal(id, await IdOfAsync(joining, "n4"));
        await NamedAsync(joining, 3);

        // The directory knows who it is: a restart asks nobody.
        joining.Process!.Kill();
        joining.Run(HostProcess.Start(flags, cluster.Directory));
        await leader.Client.MustPutAsync("later", "yes");
        await ReadsAsync(joining, "later", "yes");
    }

    [Fact]
    public async Task Who_was_not_added_cannot_join_and_is_told_so()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember only = await cluster.StartAsync();
        using ClusterMember stranger = cluster.CreateMember("n2");
        using HostProcess host = await HostProcess.RunAsync(
            [.. cluster.FlagsOf(stranger), "--initial-cluster",
            $"{only.Name}={only.PeerUrl},{stranger.Name}={stranger.PeerUrl}", "--initial-cluster-state", "existing"],
            cluster.Directory);
        FlagTests.AssertRefused(host, 1, $"knows no member at {stranger.PeerUrl}; add it first");
        Assert.False(Directory.Exists(stranger.DataDirectory));
    }

    [Fact]
    public async Task The_last_member_of_a_lost_majority_goes_on_alone()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await leader.Client.MustPutAsync("kept", "yes");
        await cluster.ConvergedAsync();
        foreach (ClusterMember member in cluster.Members)
            member.Process!.Kill();

        ClusterMember survivor = cluster.Members.First(member => member != leader);
        survivor.Run(HostProcess.Start([.. cluster.FlagsOf(survivor), "--force-new-cluster"], cluster.Directory));
        await ReadsAsync(survivor, "kept", "yes");
        await cluster.WritesAsync(survivor, "new", "too");
        using JsonDocument list = await CallAsync(survivor, "member/list", new { });
        Assert.Single(list.RootElement.GetProperty("members").EnumerateArray());

        // The others come back: what they are a majority of is another cluster now, which this one is no member of.
        string survivors = await ClusterOfAsync(survivor);
        foreach (ClusterMember other in cluster.Members.Where(member => member != survivor))
            cluster.Start(other);
        await cluster.WritesAsync(leader, "elsewhere", "yes");
        Assert.NotEqual(survivors, await ClusterOfAsync(leader));
        Assert.Null(await survivor.Client.GetAsync("elsewhere"));

        // It goes on as what it is, whatever its flags say of the cluster that it came from.
        survivor.Process!.Kill();
        cluster.Start(survivor);
        await ReadsAsync(survivor, "new", "too");
        Assert.Equal(survivors, await ClusterOfAsync(survivor));
        Assert.Null(await survivor.Client.GetAsync("elsewhere"));
        Assert.Null(await leader.Client.GetAsync("new"));
    }

    private static async Task<string> ClusterOfAsync(ClusterMember at)
    {
        using JsonDocument status = JsonDocument.Parse(
            await at.Client.Http.GetStringAsync(new Uri("/v1/status", UriKind.Relative)));
        return status.RootElement.GetProperty("cluster_id").GetString()!;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removed_member_stops_says_why_and_does_not_start_again(bool theLeader)
    {
        const string Words = "the member has been permanently removed from the cluster";
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        ClusterMember leaving = theLeader ? leader : cluster.Members.First(member => member != leader);
        ClusterMember asked = cluster.Members.First(member => member != leaving);
        await NamedAsync(asked, cluster.Members.Count);
        await leader.Client.MustPutAsync("kept", "yes");
        string id = await IdOfAsync(asked, leaving.Name);
        using (HttpClient http = new() { BaseAddress = new Uri(asked.ClientUrl) })
        {
            // The member's end is the answer that counts.
            using HttpResponseMessage answer = await http.PostAsJsonAsync(
                "/v3/cluster/member/remove", new { ID = id }, JsonSerializerOptions.Default);
            output.WriteLine(await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal(4, await leaving.Process!.ExitAsync());
        FlagTests.AssertRefused(leaving.Process, 4, Words);
        Assert.True(File.Exists(Path.Combine(leaving.DataDirectory, "identity")));
        await cluster.WritesAsync(asked, "later", "yes");

        HostProcess again = HostProcess.Start(cluster.FlagsOf(leaving), cluster.Directory);
        leaving.Run(again);
        Assert.Equal(4, await again.ExitAsync());
        FlagTests.AssertRefused(again, 4, Words);

        // Its data is still good for a cluster of its own, in which nothing reminds it of the former one.
        leaving.Run(HostProcess.Start([.. cluster.FlagsOf(leaving), "--force-new-cluster"], cluster.Directory));
        await ReadsAsync(leaving, "kept", "yes");
        leaving.Process!.Kill();
        leaving.Run(HostProcess.Start(cluster.FlagsOf(leaving), cluster.Directory));
        await ReadsAsync(leaving, "kept", "yes");
    }

    [Fact]
    public async Task A_member_that_was_removed_while_it_was_away_is_told_so_even_by_members_that_have_restarted()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        ClusterMember leaving = cluster.Members.First(member => member != leader);
        await NamedAsync(leader, cluster.Members.Count);
        await leader.Client.MustPutAsync("kept", "yes");
        string id = await IdOfAsync(leader, leaving.Name);
        leaving.Process!.Kill();
        await CallAsync(leader, "member/remove", new { ID = id });
        ClusterMember[] others = [.. cluster.Members.Where(member => member != leaving)];
        foreach (ClusterMember other in others)
            other.Process!.Kill();
        foreach (ClusterMember other in others)
            cluster.Start(other);
        await cluster.WritesAsync(leader, "later", "yes");

        cluster.Start(leaving);
        Assert.Equal(4, await leaving.Process!.ExitAsync());
        FlagTests.AssertRefused(leaving.Process, 4, "the member has been permanently removed from the cluster");
        Assert.Null(await leader.Client.GetAsync("never"));
    }

    /// <summary>Waits until all members have told their names.</summary>
    private static Task NamedAsync(ClusterMember at, int count) =>
        Eventually.IsTrueAsync($"{at.Name} knows {count} members by name.", async () =>
        {
            using JsonDocument list = await CallAsync(at, "member/list", new { });
            return list.RootElement.GetProperty("members").EnumerateArray()
                .Count(member => member.TryGetProperty("name", out _)) == count;
        });

    private static Task ReadsAsync(ClusterMember at, string key, string value) =>
        Eventually.IsTrueAsync($"{at.Name} reads {key}.", async () =>
        {
            Assert.True(at.IsRunning, at.Transcript());
            try
            {
                return (await at.Client.GetAsync(key))?.Value == value;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

    private static async Task<string> IdOfAsync(ClusterMember at, string name)
    {
        using JsonDocument list = await CallAsync(at, "member/list", new { });
        return list.RootElement.GetProperty("members").EnumerateArray()
            .First(member => member.TryGetProperty("name", out JsonElement known) && known.GetString() == name)
            .GetProperty("ID").GetString()!;
    }

    private static async Task<JsonDocument> CallAsync(ClusterMember at, string path, object request)
    {
        using HttpClient http = new() { BaseAddress = new Uri(at.ClientUrl) };
        using HttpResponseMessage response = await http.PostAsJsonAsync(
            $"/v3/cluster/{path}", request, JsonSerializerOptions.Default);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text);
    }
}
