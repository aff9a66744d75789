using Coord.Contract.Tests.Harness;
using Coord.Kv;

namespace Coord.Contract.Tests.Contract;

public abstract partial class StoreContract
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static int LastLease = 0x7000;

    private static LeaseId NewId() => new(Interlocked.Increment(ref LastLease));

    private Task<PutResult> PutAsync(string name, LeaseId lease) =>
        Store.PutAsync(Key(name), Bytes("v"), new() { Lease = lease }).AsTask();

    [ContractFact]
    public async Task A_lease_is_granted_with_the_id_that_is_asked_for_or_another()
    {
        Revision before = await CurrentAsync();
        LeaseId wanted = NewId();
        LeaseGrant grant = await Store.GrantLeaseAsync(Long, wanted);
        Assert.Equal(wanted, grant.Id);
        Assert.Equal(Long, grant.TimeToLive);
        Assert.Equal(before, grant.Revision);

        LeaseGrant other = await Store.GrantLeaseAsync(Long);
        Assert.True(other.Id.Value > 0);
        LeaseExistsException exception = await Assert.ThrowsAsync<LeaseExistsException>(
            async () => await Store.GrantLeaseAsync(Long, wanted));
        Assert.Equal(wanted, exception.Lease);
        Assert.Equal(before, await CurrentAsync());
    }

    [ContractFact]
    public async Task A_short_time_is_raised_and_one_beyond_measure_refused()
    {
        foreach (TimeSpan given in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(1)])
        {
            LeaseGrant grant = await Store.GrantLeaseAsync(given);
            Assert.InRange(grant.TimeToLive.TotalSeconds, 1, 5);
            await Store.RevokeLeaseAsync(grant.Id);
        }

        LeaseGrant rounded = await Store.GrantLeaseAsync(TimeSpan.FromSeconds(99.5));
        Assert.Equal(TimeSpan.FromSeconds(100), rounded.TimeToLive);
        await Store.GrantLeaseAsync(TimeSpan.FromSeconds(9_000_000_000));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await Store.GrantLeaseAsync(TimeSpan.FromSeconds(9_000_000_001)));
    }

    [ContractFact]
    public async Task The_end_of_a_lease_deletes_its_keys_at_one_revision()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(Long)).Id;
        await PutAsync("a", lease);
        await PutAsync("b", lease);
        Revision last = await PutAsync("c");
        Assert.Equal(lease, (await FindAsync("a"))!.Lease);

        Assert.Equal(last.Next, await Store.RevokeLeaseAsync(lease));
        Assert.Equal(["c"], await NamesAsync(Home));
        LeaseNotFoundException exception = await Assert.ThrowsAsync<LeaseNotFoundException>(
            async () => await Store.RevokeLeaseAsync(lease));
        Assert.Equal(lease, exception.Lease);
    }

    [ContractFact]
    public async Task A_lease_without_keys_ends_without_a_revision()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(Long)).Id;
        Revision before = await CurrentAsync();
        Assert.Equal(before, await Store.RevokeLeaseAsync(lease));
        Assert.Equal(before, await CurrentAsync());
    }

    [ContractFact]
    public async Task A_put_moves_the_key_to_its_lease_or_to_none()
    {
        LeaseId first = (await Store.GrantLeaseAsync(Long)).Id;
        LeaseId second = (await Store.GrantLeaseAsync(Long)).Id;
        await PutAsync("a", first);
        await PutAsync("b", first);
        await PutAsync("a", second);
        await PutAsync("b");
        Assert.Empty((await Store.GetLeaseAsync(first, includeKeys: true))!.Keys);
        Assert.Equal(Key("a"), Assert.Single((await Store.GetLeaseAsync(second, includeKeys: true))!.Keys).ToArray());
        await Store.RevokeLeaseAsync(first);
        Assert.Equal(["a", "b"], await NamesAsync(Home));
        await Store.RevokeLeaseAsync(second);
        Assert.Equal(["b"], await NamesAsync(Home));
    }

    [ContractFact]
    public async Task A_lease_tells_what_it_has_left_and_its_keys_if_asked()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(Long)).Id;
        await PutAsync("b", lease);
        await PutAsync("a", lease);
        LeaseStatus status = (await Store.GetLeaseAsync(lease))!;
        Assert.Equal(lease, status.Id);
        Assert.Equal(Long, status.GrantedTimeToLive);
        Assert.InRange(status.Remaining, TimeSpan.FromMinutes(3), Long);
        Assert.Empty(status.Keys);
        status = (await Store.GetLeaseAsync(lease, includeKeys: true))!;
        Assert.Equal([Key("a"), Key("b")], status.Keys.Select(key => key.ToArray()));
        await Store.RevokeLeaseAsync(lease);
        Assert.Null(await Store.GetLeaseAsync(lease));
    }

    [ContractFact]
    public async Task Leases_are_listed_in_order()
    {
        LeaseId[] ids = [NewId(), NewId(), NewId()];
        foreach (LeaseId id in ids.Reverse())
            await Store.GrantLeaseAsync(Long, id);
        IReadOnlyList<LeaseId> all = await Store.ListLeasesAsync();
        Assert.Equal(all.OrderBy(id => id.Value), all);
        Assert.Equal(ids, all.Where(ids.Contains));
        await Store.RevokeLeaseAsync(ids[1]);
        Assert.DoesNotContain(ids[1], await Store.ListLeasesAsync());
    }

    [ContractFact]
    public async Task A_keep_alive_gives_the_whole_time_again_and_an_unknown_lease_has_none()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(Long)).Id;
        Task<TimeSpan>[] many =
            [.. Enumerable.Range(0, 20).Select(_ => Store.KeepLeaseAliveAsync(lease).AsTask())];
        Assert.All(await Task.WhenAll(many), time => Assert.Equal(Long, time));
        await Store.RevokeLeaseAsync(lease);
        LeaseNotFoundException exception = await Assert.ThrowsAsync<LeaseNotFoundException>(
            async () => await Store.KeepLeaseAliveAsync(lease));
        Assert.Equal(lease, exception.Lease);
    }

    [ContractFact]
    public async Task A_lease_that_nobody_keeps_alive_ends_and_takes_its_keys_along()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(TimeSpan.FromSeconds(1))).Id;
        await using WatchReader watch = new(Store, Home, new() { SkipPuts = true });
        await PutAsync("a", lease);
        await PutAsync("b", lease);
        WatchBatch batch = await watch.NextAsync();
        Assert.Equal(["a", "b"], Names(batch.Events.Select(e => e.KeyValue)));
        Assert.Null(await Store.GetLeaseAsync(lease));
    }
}
