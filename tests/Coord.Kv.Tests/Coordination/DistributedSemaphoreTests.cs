using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>No more holders than permits, and permits in the order of the line.</summary>
public sealed class DistributedSemaphoreTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_release_lets_the_next_in_line_in(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<Task<CoordinationHandle>> all = [];
        for (int i = 0; i < 6; i++)
        {
            all.Add((await OpenAsync(recipe)).AcquireAsync().AsTask());
            await recipe.CountAsync("s/", i + 1);
        }

        // The newest holder goes first: which one does not matter.
        await (await Soon.Done(all[1])).DisposeAsync();
        CoordinationHandle third = await Soon.Done(all[2]);
        Assert.False(all[3].IsCompleted);
        await (await Soon.Done(all[0])).DisposeAsync();
        CoordinationHandle fourth = await Soon.Done(all[3]);
        Assert.True(fourth.FencingToken > third.FencingToken);
        Assert.False(all[4].IsCompleted);
        await recipe.Store.RevokeLeaseAsync(third.Session.Lease);
        await Soon.Done(all[4]);
        await Soon.Cancelled(third.Lost);
        Assert.False(all[5].IsCompleted);
        await fourth.DisposeAsync();
        await Soon.Done(all[5]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_waiter_that_leaves_or_dies_costs_those_behind_it_nothing(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle held = await (await OpenAsync(recipe, permits: 1)).AcquireAsync();
        using CancellationTokenSource leave = new();
        Task<CoordinationHandle> leaves = (await OpenAsync(recipe, permits: 1)).AcquireAsync(leave.Token).AsTask();
        await recipe.CountAsync("s/", 2);
        CoordinationSession mortal = await recipe.SessionAsync();
        Task<CoordinationHandle> dies = new DistributedSemaphore(mortal, "s", 1).AcquireAsync().AsTask();
        await recipe.CountAsync("s/", 3);
        Task<CoordinationHandle> last = (await OpenAsync(recipe, permits: 1)).AcquireAsync().AsTask();
        await recipe.CountAsync("s/", 4);
        await leave.CancelAsync();
        await recipe.Store.RevokeLeaseAsync(mortal.Lease);
        await recipe.CountAsync("s/", 2);
        Assert.False(last.IsCompleted);
        await held.DisposeAsync();
        await Soon.Done(last);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(leaves));
        await Assert.ThrowsAsync<SessionLostException>(() => Soon.Done(dies));
    }

    [Fact]
    public async Task Only_the_first_in_line_watches_the_holders()
    {
        await using RecipeStore recipe = RecipeStore.Open(StoreKind.Memory);
        MemoryStore store = (MemoryStore)recipe.Store;
        List<string> keys = [];
        for (int i = 0; i < 5; i++)
        {
            CoordinationSession session = await recipe.SessionAsync();
            keys.Add($"s/{session.Lease.Value:x}");
            _ = new DistributedSemaphore(session, "s", 2).AcquireAsync().AsTask();
            await recipe.CountAsync("s/", i + 1);
        }

        // Two holders watch their own keys, the third all, the others the one before.
        string all = KeyRange.Prefix("s/").ToString();
        await Soon.Is(() => store.Watches.Order(StringComparer.Ordinal)
            .SequenceEqual(new[] { all, keys[0], keys[1], keys[2], keys[3] }.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Trying_without_time_takes_a_free_permit_only(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedSemaphore semaphore = await OpenAsync(recipe);
        CoordinationHandle? first = await semaphore.TryAcquireAsync(TimeSpan.Zero);
        Assert.NotNull(await semaphore.TryAcquireAsync(TimeSpan.Zero));
        Assert.Null(await semaphore.TryAcquireAsync(TimeSpan.Zero));
        await recipe.CountAsync("s/", 2);
        await first!.DisposeAsync();
        Assert.NotNull(await semaphore.TryAcquireAsync(TimeSpan.Zero));
    }

    private static async Task<DistributedSemaphore> OpenAsync(RecipeStore recipe, int permits = 2) =>
        new(await recipe.SessionAsync(), "s", permits);
}
