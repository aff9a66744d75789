using Coord.Kv.Mvcc.Native;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests.Native;

/// <summary>The index is a sorted set of keys, whatever is added and removed, with nodes of any size.</summary>
public sealed class KeyIndexTests
{
    private static readonly Comparer<byte[]> Bytewise =
        Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    [Property(MaxTest = 60)]
    public void It_holds_what_a_sorted_set_holds(DoNotSize<int> seed) => Run(seed.Item);

    [Theory]
    [InlineData(1, 4)]
    [InlineData(-1, 4)]
    [InlineData(1, KeyIndex.DefaultFanout)]
    [InlineData(-1, KeyIndex.DefaultFanout)]
    public void It_takes_keys_in_order_and_gives_them_up_in_order(int direction, int fanout)
    {
        using NativeArena arena = new();
        KeyIndex index = new(arena, fanout);
        long empty = arena.UsedBytes;
        IEnumerable<int> keys = Enumerable.Range(0, 20_000);
        if (direction < 0)
            keys = keys.Reverse();
        foreach (int key in keys)
            index.GetOrAdd(TestStore.Bytes($"{key:00000}"));
        Assert.Equal(20_000, Scan(index, []).Count);
        foreach (int key in keys)
            index.Remove(index.Find(TestStore.Bytes($"{key:00000}"))!.Value);
        index.AssertInvariants();
        Assert.Empty(Scan(index, []));
        Assert.Equal((0, empty), (index.Count, arena.UsedBytes));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(KeyIndex.DefaultFanout)]
    public void Keys_in_order_can_be_appended_and_fill_their_nodes(int fanout)
    {
        using NativeArena arena = new();
        KeyIndex index = new(arena, fanout);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] key = TestStore.Bytes($"{i:00000}");
            index.Append(key);
            Assert.Equal(key, index.LastKey.ToArray());
        }

        index.AssertInvariants();
        Assert.Equal(10_000, index.Count);
        if (fanout > 4)
            Assert.InRange(arena.UsedBytes, 10_000 * (24 + 16), 10_000 * (24 + 19));
    }

    /// <summary>What is left of many keys must not keep the memory of many.</summary>
    [Fact]
    public void Nodes_that_emptied_at_random_are_merged()
    {
        using NativeArena arena = new();
        KeyIndex index = new(arena);
        int[] keys = [.. Enumerable.Range(0, 50_000)];
        new Random(1).Shuffle(keys);
        foreach (int key in keys)
            index.GetOrAdd(TestStore.Bytes($"{key:00000}"));
        foreach (int key in keys.AsSpan(500))
            index.Remove(index.Find(TestStore.Bytes($"{key:00000}"))!.Value);
        index.AssertInvariants();
        Assert.InRange(arena.UsedBytes / 500, 24 + 16, 24 + (4 * 24));
    }

    private static void Run(int seed)
    {
        Random random = new(seed);
        using NativeArena arena = new(random.Next(2) == 0 ? 2048 : NativeArena.DefaultPageBytes);
        KeyIndex index = new(arena, random.Next(3) == 0 ? KeyIndex.DefaultFanout : random.Next(4, 20));
        long empty = arena.UsedBytes;
        SortedSet<byte[]> twin = new(Bytewise);
        Func<byte[]> newKey = Keys(random);
        for (int phase = 0; phase < 6; phase++)
        {
            int chanceOfRemoval = random.Next(0, 100);
            for (int i = 0; i < 700; i++)
                AddOrRemove(newKey(), random.Next(100) < chanceOfRemoval, index, twin);
            AssertSame(newKey(), index, twin);
        }

        foreach (byte[] key in twin.ToArray())
            AddOrRemove(key, remove: true, index, twin);
        index.AssertInvariants();
        Assert.Equal(empty, arena.UsedBytes);
    }

    /// <summary>Keys that share much or nothing, that are prefixes of each other, that contain zeroes.</summary>
    private static Func<byte[]> Keys(Random random)
    {
        int range = random.Next(10, 3000);
        string prefix = new('p', random.Next(70));
        return random.Next(4) switch
        {
            0 => () => TestStore.Bytes($"{random.Next(range):0000}"),
            1 => () => TestStore.Bytes($"{prefix}{random.Next(3)}/{prefix}{random.Next(range):0000}"),
            2 => () => Enumerable.Range(0, random.Next(1, 20)).Select(_ => (byte)random.Next(2)).ToArray(),
            _ => () => TestStore.Bytes(new string('a', random.Next(1, 200)) + (char)('a' + random.Next(2))),
        };
    }

    private static void AddOrRemove(byte[] key, bool remove, KeyIndex index, SortedSet<byte[]> twin)
    {
        if (!remove)
        {
            Assert.Equal(key, index.GetOrAdd(key).Key.ToArray());
            twin.Add(key);
        }
        else if (twin.Remove(key))
        {
            index.Remove(index.Find(key)!.Value);
        }
    }

    private static void AssertSame(byte[] from, KeyIndex index, SortedSet<byte[]> twin)
    {
        index.AssertInvariants();
        Assert.Equal(twin.Count, index.Count);
        Assert.Equal(twin, Scan(index, []));
        Assert.Equal(twin.Where(key => Bytewise.Compare(key, from) >= 0), Scan(index, from));
        Assert.Equal(twin.Contains(from), index.Find(from) is not null);
        Assert.Equal(twin.LastOrDefault() ?? [], index.LastKey.ToArray());
        foreach (byte[] key in twin)
            Assert.Equal(key, index.Find(key)!.Value.Key.ToArray());
    }

    private static List<byte[]> Scan(KeyIndex index, byte[] from)
    {
        List<byte[]> keys = [];
        for (KeyIndex.Cursor cursor = index.Seek(from); cursor.TryTake(out KeyHistory history);)
            keys.Add(history.Key.ToArray());
        return keys;
    }
}
