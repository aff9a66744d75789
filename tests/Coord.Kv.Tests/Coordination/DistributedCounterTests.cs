using Coord.Kv.Coordination;
using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>No addition is lost or counted twice.</summary>
public sealed class DistributedCounterTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Additions_of_many_add_up_and_each_sees_another_number(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<long>[] seen = await Soon.Done(Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            DistributedCounter counter = new(recipe.Store, "c");
            List<long> numbers = [];
            for (int i = 0; i < 50; i++)
                numbers.Add(await counter.AddAsync(1));
            return numbers;
        }))));
        Assert.Equal(Enumerable.Range(1, 200).Select(number => (long)number), seen.SelectMany(own => own).Order());
        Assert.Equal(200, await new DistributedCounter(recipe.Store, "c").GetAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_is_text_that_others_can_read_and_write(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedCounter counter = new(recipe.Store, "c");
        Assert.Equal(0, await counter.GetAsync());
        Assert.Equal(-5, await counter.AddAsync(-5));
        Assert.Equal("-5", (await recipe.Store.GetAsync("c"))!.ValueString);
        await recipe.Store.PutAsync("c", "41");
        Assert.Equal(42, await counter.AddAsync(1));
        Assert.Equal(84, await counter.UpdateAsync(number => number * 2));
        await recipe.Store.PutAsync("c", "many");
        await Assert.ThrowsAsync<InvalidDataException>(() => counter.AddAsync(1).AsTask());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_is_set_only_if_it_is_as_expected(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedCounter counter = new(recipe.Store, "c");
        Assert.False(await counter.CompareAndSetAsync(1, 7));
        Assert.True(await counter.CompareAndSetAsync(0, long.MaxValue));
        Assert.False(await counter.CompareAndSetAsync(0, 7));
        await Assert.ThrowsAsync<OverflowException>(() => counter.AddAsync(1).AsTask());
        Assert.Equal(long.MaxValue, await counter.GetAsync());
    }

    [Fact]
    public async Task An_addition_whose_answer_was_lost_is_not_tried_again()
    {
        MemoryStore store = new(new FakeTimeProvider());
        DistributedCounter counter = new(store, "c");
        store.After = name => name == "commit" ? new OutcomeUnknownException("Who knows.") : null;
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => counter.AddAsync(1).AsTask());
        store.After = null;
        Assert.Equal(1, await counter.GetAsync());
    }
}
