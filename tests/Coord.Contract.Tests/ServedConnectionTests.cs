using System.Text;
using Coord.Client;
using Coord.Contract.Tests.Contract;
using Coord.Contract.Tests.Harness;
using Coord.Kv;

namespace Coord.Contract.Tests;

/// <summary>Broken connections between the client and a node that serves etcd's API, and its sessions.</summary>
public sealed class ServedConnectionTests(ServedStore store) : ConnectionContract, IClassFixture<ServedStore>
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("sessions/key");

    protected override string Server => store.Endpoint;

    protected override bool HasSessions => true;

    [Fact]
    public async Task Every_kind_of_write_is_done_once_when_its_answer_is_lost()
    {
        await using CuttingProxy proxy = new(Server);
        await using CoordClient direct = new(Server);
        await using CoordClient client = new(proxy.Endpoint);
        LeaseGrant lease = await LoseAsync(() => client.GrantLeaseAsync(TimeSpan.FromMinutes(5)).AsTask());
        Assert.NotNull(await direct.GetLeaseAsync(lease.Id));

        PutResult put = await LoseAsync(() => client.PutAsync(
            Key, "1"u8.ToArray(), new() { Lease = lease.Id, ReturnPrevious = true }).AsTask());
        Assert.Null(put.Previous);
        Assert.Equal(1, (await direct.GetAsync("sessions/key"))!.Version);

        Transaction again = new() { Success = [Operation.Put(Key, "2"u8.ToArray())] };
        Assert.True((await LoseAsync(() => client.CommitAsync(again).AsTask())).Succeeded);
        Assert.Equal(2, (await direct.GetAsync("sessions/key"))!.Version);

        DeleteResult deleted = await LoseAsync(
            () => client.DeleteAsync(KeyRange.Single(Key), new() { ReturnPrevious = true }).AsTask());
        Assert.Equal((1, "2"), (deleted.Deleted, deleted.Previous.Single().ValueString));

        // Done twice, these two would say that there is no such lease, and that the revision is gone already.
        await LoseAsync(() => client.RevokeLeaseAsync(lease.Id).AsTask());
        await LoseAsync(() => client.CompactAsync(deleted.Revision).AsTask());

        // Sends a write and loses its answer once it is done; what it changes is seen in the log's index.
        async Task<T> LoseAsync<T>(Func<Task<T>> write)
        {
            await client.PutAsync("sessions/before", "so that the session is open and the endpoint known");
            long before = await IndexAsync();
            proxy.SwallowsAnswers = true;
            Task<T> result = write();
            while (await IndexAsync() <= before)
                await Task.Yield();
            proxy.SwallowsAnswers = false;
            proxy.Cut();
            return await result;
        }

        async Task<long> IndexAsync() => (await direct.Maintenance.GetStatusAsync()).AppliedIndex.Value;
    }
}
