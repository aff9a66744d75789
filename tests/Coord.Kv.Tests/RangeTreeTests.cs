using Coord.Kv.Watches;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>The tree of ranges finds what a look at every range would.</summary>
public sealed class RangeTreeTests
{
    [Property(MaxTest = 100)]
    public void Ranges_that_contain_a_key_are_found_and_no_others(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        RangeTree tree = new();
        List<WatchGroup> all = [];
        List<WatchGroup> found = [];
        for (int i = 0; i < 400; i++)
        {
            if (all.Count > 0 && random.Next(3) == 0)
            {
                WatchGroup removed = all[random.Next(all.Count)];
                tree.Remove(removed);
                all.Remove(removed);
            }
            else
            {
                KeyRange range = Range(random);
                WatchGroup group = tree.GetOrAdd(range);
                Assert.Equal(range, group.Range);
                Assert.Equal(all.Contains(group), all.Any(other => other.Range == range));
                if (!all.Contains(group))
                    all.Add(group);
            }

            byte[] key = TestStore.Bytes(Key(random));
            found.Clear();
            tree.Find(key, found);
            Assert.Equal(
                all.Where(group => group.Range.Contains(key)).Select(group => group.Range.ToString()).Order(),
                found.Select(group => group.Range.ToString()).Order());
        }
    }

    private static string Key(Random random) => $"{random.Next(100):00}"[..random.Next(1, 3)];

    private static KeyRange Range(Random random) => random.Next(6) switch
    {
        0 => KeyRange.All,
        1 => KeyRange.From(Key(random)),
        2 => KeyRange.Prefix(Key(random)),
        _ => KeyRange.Between(Key(random), Key(random)),
    };
}
