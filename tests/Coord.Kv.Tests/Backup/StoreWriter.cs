namespace Coord.Kv.Tests.Backup;

/// <summary>Fills a store with whatever a seed says.</summary>
internal static class StoreWriter
{
    public static void Write(Random random, TestStore store, int commands, bool compacts = true)
    {
        for (int i = 0; i < commands; i++)
        {
            string key = $"k{random.Next(30):00}";
            int what = random.Next(100);
            KeyValueStatus status = store.Machine.Status;
            if (what < 70)
                store.Put(key, new string('v', random.Next(20) == 0 ? random.Next(10_000) : random.Next(20)));
            else if (what < 90)
                store.Delete(KeyRange.Single(key));
            else if (what < 97 || !compacts)
                store.Delete(KeyRange.Between(key, $"k{random.Next(30):00}"));
            else if (status.Revision > status.CompactedRevision)
                store.Compact(random.NextInt64(status.CompactedRevision.Value + 1, status.Revision.Value + 1));
        }
    }
}
