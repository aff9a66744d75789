using System.Text;
using Coord.Client;
using Coord.Contract.Tests.Harness;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Contract.Tests.Contract;

/// <summary>What the client promises over connections that break, whatever server is behind them.</summary>
public abstract class ConnectionContract
{
    private static int LastTest;

    private readonly string _home = $"cut{Interlocked.Increment(ref LastTest):d4}/";

    protected abstract string Server { get; }

    /// <summary>Gets a value indicating whether the server knows sessions, by which writes are repeated.</summary>
    protected abstract bool HasSessions { get; }

    private static CoordClient Client(params string[] endpoints) => Client(TimeSpan.FromSeconds(60), endpoints);

    private static CoordClient Client(TimeSpan timeout, params string[] endpoints)
    {
        CoordClientOptions options = new() { RequestTimeout = timeout };
        foreach (string endpoint in endpoints)
            options.Endpoints.Add(endpoint);
        return new(options);
    }

    private Task<PutResult> PutAsync(IKeyValueStore store, string name) => store.PutAsync(_home + name, name).AsTask();

    [ContractFact]
    public async Task An_endpoint_that_nobody_listens_at_is_passed_over()
    {
        await using CoordClient client = Client($"http://127.0.0.1:{FreePorts.Next()}", Server);
        await PutAsync(client, "a");
        Assert.Equal("a", (await client.GetAsync(_home + "a"))!.ValueString);
        LeaseGrant lease = await client.GrantLeaseAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(lease.TimeToLive, await client.KeepLeaseAliveAsync(lease.Id));
    }

    [ContractFact]
    public async Task Nobody_at_all_means_that_nothing_happened()
    {
        await using CoordClient client =
            Client(TimeSpan.FromSeconds(3), $"http://127.0.0.1:{FreePorts.Next()}");
        CoordException write = await Assert.ThrowsAsync<ProposalDroppedException>(() => PutAsync(client, "a"));
        Assert.Equal(Outcome.DidNotHappen, write.Outcome);
        await Assert.ThrowsAsync<CoordTimeoutException>(async () => await client.GetAsync(_home + "a"));
    }

    [ContractFact]
    public async Task A_write_whose_answer_is_lost_is_done_once_or_its_outcome_unknown()
    {
        await using CuttingProxy proxy = new(Server);
        await using CoordClient direct = Client(Server);
        await using CoordClient client = Client(proxy.Endpoint, Server);
        await PutAsync(client, "a");

        proxy.SwallowsAnswers = true;
        Task<PutResult> put = PutAsync(client, "a");
        while ((await direct.GetAsync(_home + "a"))!.Version < 2)
            await Task.Yield();
        proxy.Cut();
        if (HasSessions)
        {
            Assert.Equal((await direct.GetAsync(_home + "a"))!.ModRevision, (await put).Revision);
        }
        else
        {
            OutcomeUnknownException exception = await Assert.ThrowsAsync<OutcomeUnknownException>(() => put);
            Assert.Equal(Outcome.Unknown, exception.Outcome);
        }

        Assert.Equal(2, (await client.GetAsync(_home + "a"))!.Version);
    }

    [ContractFact]
    public async Task Without_sessions_a_write_whose_answer_is_lost_is_not_repeated()
    {
        await using CuttingProxy proxy = new(Server);
        await using CoordClient direct = Client(Server);
        CoordClientOptions options = new() { Endpoints = { proxy.Endpoint, Server }, UseSessions = false };
        await using CoordClient client = new(options);
        proxy.SwallowsAnswers = true;
        Task put = PutAsync(client, "a");
        while (await direct.GetAsync(_home + "a") is null)
            await Task.Yield();
        proxy.Cut();
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => put);
        Assert.Equal(1, (await client.GetAsync(_home + "a"))!.Version);
    }

    [ContractFact]
    public async Task A_watch_goes_on_over_cuts_and_sees_each_change_once()
    {
        const int Cuts = 8;
        await using CuttingProxy proxy = new(Server);
        await using CoordClient direct = Client(Server);
        await using CoordClient client = Client(proxy.Endpoint);
        await using WatchReader watch = new(client, KeyRange.Prefix(_home));
        await using WatchReader other = new(client, KeyRange.Prefix(_home), new() { ReturnPrevious = true });
        List<string> seen = [];
        List<string> expected = [];
        await PutAsync(client, "first");
        expected.Add("first");
        for (int cut = 0; cut < Cuts; cut++)
        {
            proxy.Refuses = cut % 2 == 1;
            proxy.Cut();
            for (int i = 0; i < 5; i++)
            {
                string name = $"{cut}.{i}";
                await PutAsync(direct, name);
                expected.Add(name);
            }

            proxy.Refuses = false;
            if (cut % 3 == 0)
                seen.AddRange((await watch.NextAsync()).Events.Select(e => e.KeyValue.ValueString));
        }

        seen.AddRange((await watch.TakeAsync(expected.Count - seen.Count)).Select(e => e.KeyValue.ValueString));
        Assert.Equal(expected, seen);
        Assert.Equal(expected, (await other.TakeAsync(expected.Count)).Select(e => e.KeyValue.ValueString));
        Assert.True(proxy.Connections > 1);
    }

    [ContractFact]
    public async Task A_watch_that_was_away_while_its_place_was_compacted_says_so()
    {
        await using CuttingProxy proxy = new(Server);
        await using CoordClient direct = Client(Server);
        await using CoordClient client = Client(proxy.Endpoint);
        await using WatchReader watch = new(client, KeyRange.Prefix(_home));
        await PutAsync(client, "a");
        await watch.TakeAsync(1);
        proxy.Refuses = true;
        proxy.Cut();
        await PutAsync(direct, "b");
        PutResult last = await direct.PutAsync(Encoding.UTF8.GetBytes(_home + "c"), default);
        await direct.CompactAsync(last.Revision);
        proxy.Refuses = false;
        CompactedException exception = await Assert.ThrowsAsync<CompactedException>(watch.NextAsync);
        Assert.Equal(last.Revision, exception.OldestRevision);
    }

    [ContractFact]
    public async Task Keep_alives_go_on_over_cuts()
    {
        await using CuttingProxy proxy = new(Server);
        await using CoordClient client = Client(proxy.Endpoint);
        LeaseGrant lease = await client.GrantLeaseAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(lease.TimeToLive, await client.KeepLeaseAliveAsync(lease.Id));
        proxy.SwallowsAnswers = true;
        Task<TimeSpan> pending = client.KeepLeaseAliveAsync(lease.Id).AsTask();
        proxy.Cut();
        proxy.SwallowsAnswers = false;
        Assert.Equal(lease.TimeToLive, await pending);
    }

    [ContractFact]
    public async Task A_disposed_client_ends_its_watches()
    {
        CoordClient client = Client(Server);
        await using WatchReader watch = new(client, KeyRange.Prefix(_home));
        Task<WatchBatch> next = watch.NextAsync();
        await client.PutAsync("elsewhere", "v");
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => next);
    }
}
