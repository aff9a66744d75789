using Coord.Kv.Tests.Shrinking;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>Conflicting writes are found as by comparing each with each, and in less time.</summary>
public sealed class WriteConflictsTests
{
    private const int Keys = 6;

    [Property(MaxTest = 1000)]
    public Property The_search_and_its_pairwise_twin_agree() => Script.Holds(maxSteps: 1, maxChoices: 60, Compare);

    /// <summary>What fits into one request: puts beside as many ranges, nested, without a conflict.</summary>
    [Fact]
    public void What_fits_into_one_request_is_searched_in_no_time()
    {
        const int Writes = 60_000;
        Operation[] puts =
            [.. Enumerable.Range(0, Writes).Select(i => Operation.Put(TestStore.Bytes($"k{i}"), default))];
        Operation[] deletions =
            [.. Enumerable.Range(0, Writes).Select(i => Operation.Delete(KeyRange.Between($"l{i}", $"l{i}x")))];
        Transaction transaction = Transaction.Of([Nest(deletions), Nest(puts)]);
        Operation other = Operation.Put("x"u8.ToArray(), default);
        for (int depth = 0; depth < 100; depth++)
            transaction = new() { Success = [Operation.Nested(transaction)], Failure = [other] };

        // Pairwise these are 3,600 million comparisons, and each of the 100 levels copies all keys once more.
        Assert.False(transaction.TryFindConflict(out _));
        static Operation Nest(Operation[] operations) => Operation.Nested(Transaction.Of(
            [.. operations.Chunk(100).Chunk(10).Select(tenth => Operation.Nested(
                Transaction.Of([.. tenth.Select(chunk => Operation.Nested(Transaction.Of(chunk)))])))]));
    }

    [Fact]
    public void The_key_that_is_twice_is_named()
    {
        Transaction transaction = Transaction.Of(
            Operation.Delete(KeyRange.Between("b", "d")), Operation.Put("a"u8.ToArray(), default),
            Operation.Put("c"u8.ToArray(), default));
        Assert.True(transaction.TryFindConflict(out ReadOnlyMemory<byte> key));
        Assert.Equal("c"u8.ToArray(), key.ToArray());
    }

    [Fact]
    public void What_is_nested_too_deeply_is_refused()
    {
        Transaction deep = new();
        for (int i = 0; i < 10_000; i++)
            deep = Transaction.Of(Operation.Nested(deep));
        Assert.Throws<ArgumentException>(() => deep.TryFindConflict(out _));
    }

    private static void Compare(Script script)
    {
        foreach (int[] step in script.Steps)
        {
            Transaction transaction = Any(new Choices(step), depth: 0);
            Assert.Equal(PairwiseConflicts.AreIn(transaction), transaction.TryFindConflict(out _));
        }
    }

    private static Transaction Any(Choices choices, int depth) =>
        new() { Success = Operations(choices, depth), Failure = Operations(choices, depth) };

    private static Operation[] Operations(Choices choices, int depth)
    {
        Operation[] operations = new Operation[choices.Next(depth == 0 ? 5 : 3)];
        for (int i = 0; i < operations.Length; i++)
        {
            operations[i] = choices.Next(depth < 4 ? 7 : 4) switch
            {
                0 or 1 => Operation.Put(TestStore.Bytes(Key(choices)), default),
                2 => Operation.Delete(Range(choices)),
                3 => Operation.Get(KeyRange.All),
                _ => Operation.Nested(Any(choices, depth + 1)),
            };
        }

        return operations;
    }

    private static string Key(Choices choices) => $"k{choices.Next(Keys)}";

    private static KeyRange Range(Choices choices) => choices.Next(5) switch
    {
        0 or 1 => KeyRange.Single(Key(choices)),
        2 => KeyRange.Between(Key(choices), Key(choices)),
        3 => KeyRange.Between(Key(choices), Key(choices) + "0"),
        _ => KeyRange.From(Key(choices)),
    };
}
