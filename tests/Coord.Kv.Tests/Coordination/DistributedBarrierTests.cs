using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Nobody passes a closed gate, and everybody an open one.</summary>
public sealed class DistributedBarrierTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task All_who_wait_go_on_when_it_opens(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedBarrier barrier = new(recipe.Store, "b", recipe.Clock);
        await barrier.WaitAsync();
        Assert.True(await barrier.CloseAsync());
        Assert.False(await barrier.CloseAsync());
        Task[] waiters = [.. Enumerable.Range(0, 3).Select(_ => barrier.WaitAsync().AsTask())];
        Assert.All(waiters, waiter => Assert.False(waiter.IsCompleted));
        Assert.True(await barrier.OpenAsync());
        Assert.False(await barrier.OpenAsync());
        await Soon.Done(Task.WhenAll(waiters));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Who_waited_goes_on_even_if_it_is_closed_again_at_once(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedBarrier barrier = new(recipe.Store, "b", recipe.Clock);
        await barrier.CloseAsync();
        Task waiter = barrier.WaitAsync().AsTask();
        await barrier.OpenAsync();
        await barrier.CloseAsync();
        await Soon.Done(waiter);
        Assert.False(barrier.WaitAsync().AsTask().IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_that_is_closed_under_a_session_opens_with_its_end(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedBarrier barrier = new(recipe.Store, "b", recipe.Clock);
        CoordinationSession session = await recipe.SessionAsync();
        Assert.True(await barrier.CloseAsync(session));
        Task waiter = barrier.WaitAsync().AsTask();
        await session.DisposeAsync();
        await Soon.Done(waiter);
        await Assert.ThrowsAsync<SessionLostException>(() => barrier.CloseAsync(session).AsTask());
    }
}
