using Coord.Kv.Mvcc;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>The index is a sorted set of keys, whatever is added and removed.</summary>
public sealed class KeyIndexTests
{
    [Property(MaxTest = 40)]
    public void It_holds_what_a_sorted_set_holds(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        KeyIndex index = new();
        SortedSet<string> twin = new(StringComparer.Ordinal);
        int range = random.Next(10, 5000);
        for (int phase = 0; phase < 6; phase++)
        {
            int chanceOfRemoval = random.Next(0, 100);
            for (int i = 0; i < 1500; i++)
                AddOrRemove(random, random.Next(range), chanceOfRemoval, index, twin);
            AssertSame(random, index, twin, range);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void It_takes_keys_in_order_and_gives_them_up_in_order(int direction)
    {
        KeyIndex index = new();
        IEnumerable<int> keys = Enumerable.Range(0, 20_000);
        if (direction < 0)
            keys = keys.Reverse();
        foreach (int key in keys)
            index.GetOrAdd(TestStore.Bytes($"{key:00000}"));
        Assert.Equal(20_000, Scan(index, "").Count());
        foreach (int key in keys)
            index.Remove(TestStore.Bytes($"{key:00000}"));
        index.AssertInvariants();
        Assert.Empty(Scan(index, ""));
        Assert.Equal(0, index.Count);
    }

    private static void AddOrRemove(
        Random random, int number, int chanceOfRemoval, KeyIndex index, SortedSet<string> twin)
    {
        string key = $"{number:0000}";
        if (random.Next(100) >= chanceOfRemoval)
        {
            KeyHistory history = index.GetOrAdd(TestStore.Bytes(key));
            Assert.Equal(key, KeyText.Of(history.Key));
            twin.Add(key);
        }
        else if (twin.Remove(key))
        {
            index.Remove(TestStore.Bytes(key));
        }
    }

    private static void AssertSame(Random random, KeyIndex index, SortedSet<string> twin, int range)
    {
        index.AssertInvariants();
        Assert.Equal(twin.Count, index.Count);
        Assert.Equal(twin, Scan(index, ""));
        string from = $"{random.Next(range):0000}";
        Assert.Equal(twin.Where(key => string.CompareOrdinal(key, from) >= 0), Scan(index, from));
        Assert.Equal(twin.Contains(from), index.Find(TestStore.Bytes(from)) is not null);
    }

    private static IEnumerable<string> Scan(KeyIndex index, string from)
    {
        KeyIndex.Cursor cursor = index.Seek(TestStore.Bytes(from));
        while (cursor.TryTake(out KeyHistory history))
            yield return KeyText.Of(history.Key);
    }
}
