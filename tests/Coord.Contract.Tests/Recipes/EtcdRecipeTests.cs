using System.Text;
using Coord.Contract.Tests.Harness;
using Coord.Kv;
using Coord.Kv.Coordination;

namespace Coord.Contract.Tests.Recipes;

/// <summary>The recipes over the client and a real etcd, with leases that end by the server's clock.</summary>
public sealed class EtcdRecipeTests(EtcdServer server) : IClassFixture<EtcdServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly CoordinationSessionOptions Short = new() { TimeToLive = TimeSpan.FromSeconds(2) };

    private IKeyValueStore Store => server.Store;

    [EtcdFact]
    public async Task A_lock_and_that_of_etcdctl_exclude_each_other()
    {
        await using CoordinationSession session = await CoordinationSession.CreateAsync(Store);
        DistributedLock mine = new(session, "interop");
        FencingToken before;
        using (EtcdControl stranger = new(server.Endpoint, "lock", "interop"))
        {
            Assert.StartsWith("interop/", await stranger.LineAsync(), StringComparison.Ordinal);
            Assert.Null(await mine.TryAcquireAsync(TimeSpan.Zero));
            Task<CoordinationHandle> waits = mine.AcquireAsync().AsTask();
            await CountAsync("interop/", 2);
            Assert.False(waits.IsCompleted);
            await stranger.InterruptAsync();
            CoordinationHandle held = await waits.WaitAsync(Patience);
            Assert.Equal($"interop/{session.Lease.Value:x}", held.Key);
            before = held.FencingToken;

            using EtcdControl next = new(server.Endpoint, "lock", "interop");
            Task<string?> line = next.LineAsync();
            await CountAsync("interop/", 2);
            Assert.False(line.IsCompleted);
            await held.DisposeAsync();
            KeyValue? holder = await Store.GetAsync((await line)!);
            Assert.True(holder!.CreateRevision.Value > before.Value);
            await next.InterruptAsync();
        }
    }

    [EtcdFact]
    public async Task An_election_and_that_of_etcdctl_are_one()
    {
        await using CoordinationSession session = await CoordinationSession.CreateAsync(Store);
        LeaderElection election = new(Store, "vote");
        using EtcdControl stranger = new(server.Endpoint, "elect", "vote", "the stranger");
        Assert.StartsWith("vote/", await stranger.LineAsync(), StringComparison.Ordinal);
        Assert.Equal("the stranger", (await election.GetLeaderAsync())!.ValueString);
        Task<Leadership> campaign = election.CampaignAsync(session, "me").AsTask();
        await CountAsync("vote/", 2);
        await stranger.InterruptAsync();
        Leadership leadership = await campaign.WaitAsync(Patience);

        using EtcdControl observer = new(server.Endpoint, "elect", "--listen", "vote");
        Assert.Equal(leadership.Key, await observer.LineAsync());
        Assert.Equal("me", await observer.LineAsync());
        await leadership.ProclaimAsync("still me");
        Assert.Equal(leadership.Key, await observer.LineAsync());
        Assert.Equal("still me", await observer.LineAsync());
        await leadership.ResignAsync();
    }

    [EtcdFact]
    public async Task A_lock_is_had_when_a_silent_holders_lease_runs_out_and_lost_when_the_own_is_revoked()
    {
        await using CoordinationSession session = await CoordinationSession.CreateAsync(Store, Short);
        LeaseGrant silent = await Store.GrantLeaseAsync(TimeSpan.FromSeconds(2));
        await Store.PutAsync("ends/silent"u8.ToArray(), default, new() { Lease = silent.Id });
        CoordinationHandle held =
            await new DistributedLock(session, "ends").AcquireAsync().AsTask().WaitAsync(Patience);
        Assert.False(session.IsLost);

        await Store.RevokeLeaseAsync(session.Lease);
        await CancelledAsync(held.Lost);
        await CancelledAsync(session.Lost);
    }

    [EtcdFact]
    public async Task Permits_readers_and_writers_queue()
    {
        await using CoordinationSession session = await CoordinationSession.CreateAsync(Store);
        DistributedSemaphore semaphore = new(session, "permits", 2);
        CoordinationHandle first = await semaphore.AcquireAsync();
        await semaphore.AcquireAsync();
        Task<CoordinationHandle> third = semaphore.AcquireAsync().AsTask();
        await CountAsync("permits/", 3);
        Task<CoordinationHandle> fourth = semaphore.AcquireAsync().AsTask();
        await CountAsync("permits/", 4);
        Assert.False(third.IsCompleted || fourth.IsCompleted);
        await first.DisposeAsync();
        await (await third.WaitAsync(Patience)).DisposeAsync();
        await fourth.WaitAsync(Patience);

        DistributedReaderWriterLock shared = new(session, "shared");
        CoordinationHandle reader = await shared.AcquireReadAsync();
        Task<CoordinationHandle> writer = shared.AcquireWriteAsync().AsTask();
        await CountAsync("shared/", 2);
        Assert.Null(await shared.TryAcquireReadAsync(TimeSpan.Zero));
        await reader.DisposeAsync();
        Assert.True((await writer.WaitAsync(Patience)).FencingToken > reader.FencingToken);
    }

    [EtcdFact]
    public async Task Barriers_let_all_in_and_out_together()
    {
        await using CoordinationSession session = await CoordinationSession.CreateAsync(Store);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            DistributedDoubleBarrier barrier = new(session, "rounds", 4);
            Revision last = default;
            for (int round = 0; round < 5; round++)
            {
                BarrierEntry entry = await barrier.EnterAsync();
                Assert.True(entry.Round > last);
                last = entry.Round;
                await entry.LeaveAsync();
            }
        }))).WaitAsync(Patience);
        Assert.Equal(0, (await Store.GetPrefixAsync("rounds/")).Count);

        DistributedBarrier gate = new(Store, "gate");
        Assert.True(await gate.CloseAsync(session));
        Task waits = gate.WaitAsync().AsTask();
        Assert.True(await gate.OpenAsync());
        await waits.WaitAsync(Patience);
    }

    [EtcdFact]
    public async Task Counters_and_queues_count_each_thing_once()
    {
        DistributedCounter counter = new(Store, "count");
        List<string> taken = [];
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            DistributedPriorityQueue queue = new(Store, "work");
            for (int i = 0; i < 20; i++)
                await queue.EnqueueAsync($"{await counter.AddAsync(1)}", i);
            for (int i = 0; i < 20; i++)
            {
                QueueItem item = await queue.DequeueAsync();
                lock (taken)
                    taken.Add(Encoding.UTF8.GetString(item.Value.Span));
            }
        }))).WaitAsync(Patience);
        Assert.Equal(60, await counter.GetAsync());
        Assert.Equal(
            Enumerable.Range(1, 60).Select(number => $"{number}").Order(StringComparer.Ordinal),
            taken.Order(StringComparer.Ordinal));
    }

    [EtcdFact]
    public async Task A_service_registers_again_after_its_lease_was_revoked()
    {
        await using ServiceRegistration one =
            await ServiceRegistration.StartAsync(Store, "service", "one", "10.0.0.1", Short);
        await using IAsyncEnumerator<ServiceInstances> watch =
            new ServiceDirectory(Store, "service").WatchAsync().GetAsyncEnumerator();
        ServiceInstance first = Assert.Single((await NextAsync(watch)).Instances);
        Assert.Equal("one", first.Name);
        await Store.RevokeLeaseAsync(first.Lease);

        // That it was gone may be seen or not: changes that follow closely come as one.
        ServiceInstances now = await NextAsync(watch);
        if (now.Instances.Count == 0)
            now = await NextAsync(watch);
        ServiceInstance again = Assert.Single(now.Instances);
        Assert.Equal("10.0.0.1", Encoding.UTF8.GetString(again.Value.Span));
        Assert.NotEqual(first.Lease, again.Lease);
    }

    private static async Task<ServiceInstances> NextAsync(IAsyncEnumerator<ServiceInstances> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Patience));
        return watch.Current;
    }

    private static Task CancelledAsync(CancellationToken token)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(() => cancelled.TrySetResult());
        return cancelled.Task.WaitAsync(Patience, CancellationToken.None);
    }

    private async Task CountAsync(string prefix, int count)
    {
        GetResult keys = await Store.GetPrefixAsync(prefix);
        using CancellationTokenSource late = new(Patience);
        await using IAsyncEnumerator<WatchBatch> changes = Store.WatchPrefixAsync(
            prefix, new() { StartRevision = keys.Revision.Next }, late.Token).GetAsyncEnumerator();
        while (keys.Count != count)
        {
            await changes.MoveNextAsync();
            keys = await Store.GetPrefixAsync(prefix);
        }
    }
}
