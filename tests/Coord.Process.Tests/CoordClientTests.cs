using Coord.Client;
using Coord.Kv;
using Coord.Process.Tests.Harness;
using Coord.Raft;
using Xunit.Abstractions;
using ClusterMember = Coord.Process.Tests.Harness.ClusterMember;

namespace Coord.Process.Tests;

/// <summary>What the client promises while members of a cluster are killed, and when their store is full.</summary>
public sealed class CoordClientTests(ITestOutputHelper output)
{
    private static CoordClient ClientOf(TestCluster cluster)
    {
        CoordClientOptions options = new() { RequestTimeout = Eventually.Patience };
        foreach (ClusterMember member in cluster.Members)
            options.Endpoints.Add(member.ClientUrl);
        return new(options);
    }

    [Fact]
    public async Task A_watch_misses_nothing_and_repeats_nothing_when_leaders_are_killed()
    {
        using TestCluster cluster = new(output);
        await cluster.StartAsync();
        await using CoordClient client = ClientOf(cluster);
        using CancellationTokenSource stop = new(Eventually.Patience * 3);
        Revision start = (await client.PutAsync("watched/start", "")).Revision;
        await using IAsyncEnumerator<WatchBatch> watch =
            client.WatchPrefixAsync("watched/", new() { StartRevision = start.Next }, stop.Token)
                .GetAsyncEnumerator(stop.Token);
        Task writing = WriteAsync(client, stop.Token);
        List<WatchEvent> seen = [];
        for (int round = 0; round < 3; round++)
        {
            await ReadAsync(seen.Count + 50);
            ClusterMember leader = await cluster.LeaderAsync();
            leader.Process!.Kill();
            await ReadAsync(seen.Count + 50);
            await cluster.StartAndWaitAsync(leader);
        }

        await client.PutAsync("stop", "");
        await writing;
        Revision last = (await client.PutAsync("watched/last", "")).Revision;
        while (seen[^1].Revision < last)
            await ReadAsync(seen.Count + 1);

        // What a watch of one member replays at once is the truth to compare with.
        await using CoordClient one = new(cluster.Members[0].ClientUrl);
        List<WatchEvent> history = [];
        await foreach (WatchBatch batch in one.WatchPrefixAsync(
            "watched/", new() { StartRevision = start.Next }, stop.Token))
        {
            history.AddRange(batch.Events);
            if (batch.Revision >= last)
                break;
        }

        Assert.Equal(history.Select(Describe), seen.Select(Describe));

        async Task ReadAsync(int count)
        {
            while (seen.Count < count)
            {
                Assert.True(await watch.MoveNextAsync());
                seen.AddRange(watch.Current.Events);
            }
        }
    }

    [Fact]
    public async Task Every_write_is_done_once_while_leaders_are_killed()
    {
        using TestCluster cluster = new(output);
        await cluster.StartAsync();
        await using CoordClient client = ClientOf(cluster);
        using CancellationTokenSource stop = new();
        long written = 0;
        Task[] writers = [.. Enumerable.Range(0, 4).Select(_ => WriteAsync())];
        for (int round = 0; round < 2; round++)
        {
            await AdvanceAsync();
            ClusterMember leader = await cluster.LeaderAsync();
            leader.Process!.Kill();
            await AdvanceAsync();
            await cluster.StartAndWaitAsync(leader);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Equal(written, (await client.GetAsync("counted"))!.Version);

        async Task WriteAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                await client.PutAsync("counted", "");
                Interlocked.Increment(ref written);
            }
        }

        Task AdvanceAsync()
        {
            long goal = Interlocked.Read(ref written) + 50;
            return Eventually.IsTrueAsync(
                "writes go on.", () => Task.FromResult(Interlocked.Read(ref written) >= goal));
        }
    }

    [Fact]
    public async Task A_lease_that_is_kept_alive_outlives_the_leader_and_another_ends_in_spite_of_it()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await using CoordClient client = ClientOf(cluster);
        LeaseId kept = (await client.GrantLeaseAsync(TimeSpan.FromSeconds(20))).Id;
        LeaseId left = (await client.GrantLeaseAsync(TimeSpan.FromSeconds(2))).Id;
        await client.PutAsync("kept"u8.ToArray(), default, new() { Lease = kept });
        await client.PutAsync("left"u8.ToArray(), default, new() { Lease = left });
        Assert.Equal(TimeSpan.FromSeconds(20), await client.KeepLeaseAliveAsync(kept));

        leader.Process!.Kill();
        await Eventually.IsTrueAsync("the lease that nobody keeps alive ends.", async () =>
        {
            Assert.Equal(TimeSpan.FromSeconds(20), await client.KeepLeaseAliveAsync(kept));
            return await client.GetAsync("left") is null;
        });
        Assert.NotNull(await client.GetAsync("kept"));
        Assert.Null(await client.GetLeaseAsync(left));
        await client.RevokeLeaseAsync(kept);
        Assert.Null(await client.GetAsync("kept"));
    }

    [Fact]
    public async Task A_full_store_refuses_puts_until_space_is_free_and_the_alarm_disarmed()
    {
        using TestCluster cluster = new(output, flags: ["--quota-backend-bytes", "2000000"]);
        await cluster.StartAsync();
        await using CoordClient client = ClientOf(cluster);
        byte[] value = new byte[100_000];
        SpaceExceededException full = await Assert.ThrowsAsync<SpaceExceededException>(async () =>
        {
            for (int i = 0; i < 100; i++)
                await client.PutAsync(System.Text.Encoding.UTF8.GetBytes($"big/{i:d3}"), value);
        });
        Assert.Equal(Outcome.DidNotHappen, full.Outcome);

        await Eventually.IsTrueAsync("the alarm is on.", async () =>
            (await client.Maintenance.ListAlarmsAsync()).Any(alarm => alarm.Kind is AlarmKind.NoSpace));
        await Assert.ThrowsAsync<SpaceExceededException>(async () => await client.PutAsync("small", "1"));
        Assert.True((await client.GetPrefixAsync("big/", new() { CountOnly = true })).Count > 0);

        DeleteResult deleted = await client.DeletePrefixAsync("big/");
        await client.CompactAsync(deleted.Revision, new() { WaitForRemoval = true });
        foreach (Alarm alarm in await client.Maintenance.ListAlarmsAsync())
            await client.Maintenance.DisarmAlarmAsync(alarm);
        Assert.Empty(await client.Maintenance.ListAlarmsAsync());
        await client.PutAsync("small", "1");
        Assert.Equal("1", (await client.GetAsync("small"))!.ValueString);
    }

    [Fact]
    public async Task With_certificates_the_client_is_let_in_and_trusts_the_cluster_s_authority_alone()
    {
        using TestCertificates certificates = new();
        using TestCertificates others = new();
        using TestCluster cluster = new(output, size: 1, certificates: certificates);
        await cluster.StartAsync();
        await using CoordClient client = Create(certificates.CaFile, certificates, Eventually.Patience);
        await client.PutAsync("secret", "kept");
        Assert.Equal("kept", (await client.GetAsync("secret"))!.ValueString);

        TimeSpan soon = TimeSpan.FromSeconds(1);
        foreach ((string authority, TestCertificates? own) in
            ((string, TestCertificates?)[])[(others.CaFile, certificates), (certificates.CaFile, null)])
        {
            await using CoordClient stranger = Create(authority, own, soon);
            await Assert.ThrowsAsync<CoordTimeoutException>(async () => await stranger.GetAsync("secret"));
        }

        CoordClient Create(string authority, TestCertificates? own, TimeSpan timeout) => new(new CoordClientOptions
        {
            Endpoints = { cluster.Members[0].ClientUrl },
            TrustedCertificateFile = authority,
            CertificateFile = own?.CertFile,
            KeyFile = own?.KeyFile,
            RequestTimeout = timeout,
        });
    }

    private static string Describe(WatchEvent change) => $"{change.Revision} {change.Kind} {change.KeyValue}";

    /// <summary>Writes until a key tells it to stop; a write whose fate is unknown counts as it turns out.</summary>
    private static async Task WriteAsync(CoordClient client, CancellationToken cancellationToken)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                if (i % 10 == 0 && await client.GetAsync("stop", cancellationToken) is not null)
                    return;
                if (i % 7 == 6)
                    await client.DeleteAsync($"watched/{i % 20}", cancellationToken);
                else
                    await client.PutAsync($"watched/{i % 20}", $"{i}", cancellationToken);
            }
            catch (OutcomeUnknownException)
            {
                // Either way the watch must say the same as the store's history.
            }
        }
    }
}
