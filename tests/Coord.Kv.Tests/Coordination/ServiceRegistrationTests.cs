using System.Text;
using Coord.Kv.Coordination;
using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Instances stay registered, and whoever watches them knows the newest state.</summary>
public sealed class ServiceRegistrationTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_watch_begins_with_all_instances_and_sees_every_change(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        await using ServiceRegistration one = await RegisterAsync(recipe, "one", "10.0.0.1");
        ServiceDirectory directory = new(recipe.Store, "web", recipe.Clock);
        await using IAsyncEnumerator<ServiceInstances> watch = directory.WatchAsync().GetAsyncEnumerator();
        Assert.Equal("one=10.0.0.1", await NextAsync(watch));
        ServiceRegistration two = await RegisterAsync(recipe, "two", "10.0.0.2");
        Assert.Equal("one=10.0.0.1 two=10.0.0.2", await NextAsync(watch));
        await one.UpdateAsync("10.0.0.9");
        Assert.Equal("one=10.0.0.9 two=10.0.0.2", await NextAsync(watch));
        await two.DisposeAsync();
        Assert.Equal("one=10.0.0.9", await NextAsync(watch));
        Assert.Equal("one=10.0.0.9", Text(await directory.ListAsync()));
        Assert.False(two.IsRegistered);
        Assert.True(two.Completion.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => two.UpdateAsync("x").AsTask());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_registers_again_after_its_lease_was_lost_with_the_newest_value(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        await using ServiceRegistration one = await RegisterAsync(recipe, "one", "a");
        await one.UpdateAsync("b");
        (LeaseId lease, FencingToken token, CancellationToken lost) = (one.Lease, one.FencingToken, one.Lost);
        await recipe.Store.RevokeLeaseAsync(lease);
        await Soon.Cancelled(lost);
        await Soon.Is(() => one.IsRegistered && one.Lease != lease);
        Assert.True(one.FencingToken > token);
        Assert.Equal("one=b", Text(await new ServiceDirectory(recipe.Store, "web").ListAsync()));

        token = one.FencingToken;
        await recipe.Store.DeleteAsync(one.Key);
        await Soon.Is(() => one.IsRegistered && one.FencingToken > token);
        await one.DisposeAsync();
        Assert.Empty(await recipe.KeysAsync("web/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_gives_way_to_a_newer_registration_of_its_name(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        ServiceRegistration old = await RegisterAsync(recipe, "one", "old");
        await using ServiceRegistration young = await RegisterAsync(recipe, "one", "young");
        await Soon.Done(old.Completion);
        Assert.False(old.IsRegistered);
        Assert.True(young.FencingToken > default(FencingToken));
        await old.UpdateAsync("old, again");
        await old.DisposeAsync();
        Assert.True(young.IsRegistered);
        Assert.Equal("one=young", Text(await new ServiceDirectory(recipe.Store, "web").ListAsync()));
    }

    [Fact]
    public async Task It_registers_again_when_the_store_is_back_in_reach()
    {
        FakeTimeProvider clock = new();
        MemoryStore store = new(clock);
        await using ServiceRegistration one =
            await ServiceRegistration.StartAsync(store, "web", "one", "a", new() { TimeProvider = clock });
        store.Before = _ => new ProposalDroppedException("There is no leader.");
        await Soon.Is(() =>
        {
            clock.Leap(1);
            return !one.IsRegistered && store.Keys.Count == 0;
        });
        await one.UpdateAsync("b");
        store.Before = null;
        await Soon.Is(() =>
        {
            clock.Leap(0.1);
            return one.IsRegistered && store.Keys.Count == 1;
        });
        Assert.Equal("b", (await store.GetAsync("web/one"))!.ValueString);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_watch_whose_history_is_gone_lists_again_instead_of_going_silent(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        ServiceDirectory directory = new(recipe.Store, "web", recipe.Clock);
        await using ServiceRegistration one = await RegisterAsync(recipe, "one", "0");
        await using IAsyncEnumerator<ServiceInstances> watch = directory.WatchAsync().GetAsyncEnumerator();
        Assert.Equal("one=0", await NextAsync(watch));
        for (int i = 1; i < 10; i++)
            await one.UpdateAsync($"{i}");
        PutResult last = await recipe.Store.PutAsync("other", "");
        await recipe.Store.CompactAsync(last.Revision);

        // Whatever of it comes, the newest comes.
        while (await NextAsync(watch) != "one=9")
        {
        }

        await one.UpdateAsync("10");
        Assert.Equal("one=10", await NextAsync(watch));
    }

    private static async Task<ServiceRegistration> RegisterAsync(RecipeStore recipe, string instance, string value) =>
        await ServiceRegistration.StartAsync(
            recipe.Store, "web", instance, value, new() { TimeProvider = recipe.Clock });

    private static async Task<string> NextAsync(IAsyncEnumerator<ServiceInstances> watch)
    {
        Assert.True(await Soon.Done(watch.MoveNextAsync()));
        return Text(watch.Current);
    }

    private static string Text(ServiceInstances instances) => string.Join(
        ' ', instances.Instances.Select(one => $"{one.Name}={Encoding.UTF8.GetString(one.Value.Span)}"));
}
