using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Readers share, writers do not, and nobody overtakes.</summary>
public sealed class DistributedReaderWriterLockTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Readers_share_it_and_a_writer_waits_for_all_before_it(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await (await OpenAsync(recipe)).AcquireReadAsync();
        CoordinationHandle second = await (await OpenAsync(recipe)).AcquireReadAsync();
        Task<CoordinationHandle> writer = (await OpenAsync(recipe)).AcquireWriteAsync().AsTask();
        await recipe.CountAsync("rw/", 3);
        Task<CoordinationHandle> reader = (await OpenAsync(recipe)).AcquireReadAsync().AsTask();
        await recipe.CountAsync("rw/", 4);

        // In the other order than they came.
        await first.DisposeAsync();
        Assert.False(writer.IsCompleted);
        await second.DisposeAsync();
        CoordinationHandle written = await Soon.Done(writer);
        Assert.True(written.FencingToken > second.FencingToken);
        Assert.False(reader.IsCompleted);
        await written.DisposeAsync();
        Assert.True((await Soon.Done(reader)).FencingToken > written.FencingToken);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Writers_exclude_each_other_and_all_readers_behind_go_on_at_once(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await (await OpenAsync(recipe)).AcquireWriteAsync();
        Task<CoordinationHandle> second = (await OpenAsync(recipe)).AcquireWriteAsync().AsTask();
        await recipe.CountAsync("rw/", 2);
        List<Task<CoordinationHandle>> readers = [];
        for (int i = 0; i < 3; i++)
        {
            readers.Add((await OpenAsync(recipe)).AcquireReadAsync().AsTask());
            await recipe.CountAsync("rw/", i + 3);
        }

        await first.DisposeAsync();
        CoordinationHandle held = await Soon.Done(second);
        Assert.All(readers, reader => Assert.False(reader.IsCompleted));
        await held.DisposeAsync();
        await Soon.Done(Task.WhenAll(readers));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_writer_that_leaves_the_line_lets_the_readers_behind_it_in(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        await using CoordinationHandle first = await (await OpenAsync(recipe)).AcquireReadAsync();
        using CancellationTokenSource leave = new();
        Task<CoordinationHandle> writer = (await OpenAsync(recipe)).AcquireWriteAsync(leave.Token).AsTask();
        await recipe.CountAsync("rw/", 2);
        Task<CoordinationHandle> reader = (await OpenAsync(recipe)).AcquireReadAsync().AsTask();
        await recipe.CountAsync("rw/", 3);
        await leave.CancelAsync();
        await Soon.Done(reader);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(writer));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Trying_without_time_tells_readers_from_writers(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedReaderWriterLock mine = await OpenAsync(recipe);
        CoordinationHandle? reading = await mine.TryAcquireReadAsync(TimeSpan.Zero);
        Assert.NotNull(reading);
        Assert.Null(await mine.TryAcquireWriteAsync(TimeSpan.Zero));
        Assert.NotNull(await mine.TryAcquireReadAsync(TimeSpan.Zero));
        Assert.Equal(2, (await recipe.KeysAsync("rw/")).Count);
    }

    private static async Task<DistributedReaderWriterLock> OpenAsync(RecipeStore recipe) =>
        new(await recipe.SessionAsync(), "rw");
}
