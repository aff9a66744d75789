using Coord.Contract.Tests.Harness;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Contract.Tests.Contract;

public abstract partial class StoreContract
{
    [ContractFact]
    public async Task A_put_adds_one_revision_and_one_version()
    {
        Revision before = await CurrentAsync();
        Revision created = await PutAsync("a", "1");
        Revision changed = await PutAsync("a", "1");
        Assert.Equal(before.Next, created);
        Assert.Equal(created.Next, changed);

        KeyValue pair = (await FindAsync("a"))!;
        Assert.Equal(created, pair.CreateRevision);
        Assert.Equal(changed, pair.ModRevision);
        Assert.Equal(2, pair.Version);
        Assert.Equal("1", pair.ValueString);
        Assert.True(pair.Lease.IsNone);
    }

    [ContractFact]
    public async Task A_key_that_was_deleted_begins_anew()
    {
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        await Store.DeleteAsync(One("a"));
        Revision created = await PutAsync("a", "3");
        KeyValue pair = (await FindAsync("a"))!;
        Assert.Equal(created, pair.CreateRevision);
        Assert.Equal(1, pair.Version);
    }

    [ContractFact]
    public async Task A_put_returns_what_was_before_if_asked()
    {
        PutOptions options = new() { ReturnPrevious = true };
        Assert.Null((await Store.PutAsync(Key("a"), Bytes("1"), options)).Previous);
        KeyValue before = (await FindAsync("a"))!;
        Assert.Equal(before, (await Store.PutAsync(Key("a"), Bytes("2"), options)).Previous);
        Assert.Null((await Store.PutAsync(Key("a"), Bytes("3"))).Previous);
    }

    [ContractFact]
    public async Task A_put_needs_a_key_and_no_value()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.PutAsync(default, Bytes("v")));
        await Store.PutAsync(Key("a"), default);
        Assert.True((await FindAsync("a"))!.Value.IsEmpty);
    }

    [ContractFact]
    public async Task A_put_can_keep_the_value()
    {
        PutOptions keep = new() { KeepValue = true };
        await Assert.ThrowsAsync<KeyMissingException>(async () => await Store.PutAsync(Key("a"), default, keep));
        await PutAsync("a", "1");
        await Store.PutAsync(Key("a"), default, keep);
        KeyValue pair = (await FindAsync("a"))!;
        Assert.Equal("1", pair.ValueString);
        Assert.Equal(2, pair.Version);
        await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await Store.PutAsync(Key("a"), Bytes("2"), keep));
        Assert.Equal(2, (await FindAsync("a"))!.Version);
    }

    [ContractFact]
    public async Task A_put_can_keep_the_lease()
    {
        LeaseId lease = (await Store.GrantLeaseAsync(TimeSpan.FromMinutes(5))).Id;
        PutOptions keep = new() { KeepLease = true };
        await Assert.ThrowsAsync<KeyMissingException>(async () => await Store.PutAsync(Key("a"), Bytes("1"), keep));
        await Store.PutAsync(Key("a"), Bytes("1"), new() { Lease = lease });
        await Store.PutAsync(Key("a"), Bytes("2"), keep);
        Assert.Equal(lease, (await FindAsync("a"))!.Lease);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
            await Store.PutAsync(Key("a"), Bytes("3"), new() { KeepLease = true, Lease = lease }));
        await Store.RevokeLeaseAsync(lease);
    }

    [ContractFact]
    public async Task A_put_with_an_unknown_lease_does_nothing()
    {
        LeaseId unknown = new(0x7e57_0000_dead);
        LeaseNotFoundException exception = await Assert.ThrowsAsync<LeaseNotFoundException>(async () =>
            await Store.PutAsync(Key("a"), Bytes("1"), new() { Lease = unknown }));
        Assert.Equal(unknown, exception.Lease);
        Assert.Equal(Outcome.DidNotHappen, exception.Outcome);
        Assert.Null(await FindAsync("a"));
    }

    [ContractFact]
    public async Task A_value_of_a_megabyte_and_a_half_is_too_much_and_a_megabyte_is_not()
    {
        byte[] fits = new byte[1024 * 1024];
        fits[^1] = 1;
        await Store.PutAsync(Key("a"), fits);
        Assert.Equal(fits, (await FindAsync("a"))!.Value.ToArray());

        // Over the limit of requests, and further over that of messages.
        foreach (int bytes in (int[])[1536 * 1024 + 1000, 3 * 1024 * 1024])
        {
            RequestTooLargeException exception = await Assert.ThrowsAsync<RequestTooLargeException>(
                async () => await Store.PutAsync(Key("a"), new byte[bytes]));
            Assert.Equal(Outcome.DidNotHappen, exception.Outcome);
        }

        Assert.Equal(1, (await FindAsync("a"))!.Version);
    }

    [ContractFact]
    public async Task A_deletion_takes_the_whole_range_at_one_revision()
    {
        foreach (string name in (string[])["a", "b", "c"])
            await PutAsync(name);
        Revision before = await CurrentAsync();

        DeleteResult result = await Store.DeleteAsync(
            new(Key("a"), Key("c")), new DeleteOptions { ReturnPrevious = true });
        Assert.Equal(2, result.Deleted);
        Assert.Equal(before.Next, result.Revision);
        Assert.Equal(["a", "b"], Names(result.Previous));
        Assert.Equal(["c"], await NamesAsync(Home));
        Assert.Empty((await Store.DeleteAsync(One("c"))).Previous);
    }

    [ContractFact]
    public async Task Deleting_nothing_makes_no_revision()
    {
        Revision before = await PutAsync("a");
        DeleteResult result = await Store.DeleteAsync(One("b"));
        Assert.Equal(0, result.Deleted);
        Assert.Equal(before, result.Revision);
        Assert.Equal(0, (await Store.DeleteAsync(new KeyRange(Key("b"), Key("a")))).Deleted);
        Assert.Equal(before, await CurrentAsync());
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.DeleteAsync(default(KeyRange)));
    }
}
