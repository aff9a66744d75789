using Coord.Client;
using Coord.Contract.Tests.Harness;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Contract.Tests;

/// <summary>A session that the cluster has forgotten: writes go on, and none is done twice.</summary>
public sealed class ForgottenSessionTests(ForgetfulStore store) : IClassFixture<ForgetfulStore>
{
    [Fact]
    public async Task A_write_that_finds_its_session_forgotten_opens_another()
    {
        await using CoordClient first = new(store.Endpoint);
        await using CoordClient second = new(store.Endpoint);
        for (int i = 1; i <= 3; i++)
        {
            await first.PutAsync("both", "first");
            await second.PutAsync("both", "second");
            Assert.Equal(2 * i, (await first.GetAsync("both"))!.Version);
        }
    }

    [Fact]
    public async Task A_write_that_may_have_happened_in_a_forgotten_session_is_not_repeated()
    {
        await using CuttingProxy proxy = new(store.Endpoint);
        await using CoordClient client = new(proxy.Endpoint);
        await using CoordClient other = new(store.Endpoint);
        await client.PutAsync("once", "1");

        proxy.SwallowsAnswers = true;
        Task<PutResult> put = client.PutAsync("once", "2").AsTask();
        while ((await other.GetAsync("once"))!.Version < 2)
            await Task.Yield();
        await other.PutAsync("elsewhere", "opens a session, and so ends the other");
        proxy.SwallowsAnswers = false;
        proxy.Cut();

        OutcomeUnknownException exception = await Assert.ThrowsAsync<OutcomeUnknownException>(() => put);
        Assert.Equal(Outcome.Unknown, exception.Outcome);
        Assert.Equal(2, (await client.GetAsync("once"))!.Version);
        await client.PutAsync("once", "3");
        Assert.Equal(3, (await client.GetAsync("once"))!.Version);
    }
}
