namespace Coord.Kv.Tests;

/// <summary>
/// What a watch takes that has nothing to do. Measured over the whole process, so nothing runs beside it.
/// </summary>
[Collection(nameof(WatchMemoryTests))]
public sealed class WatchMemoryTests
{
    [Fact]
    public void An_idle_watch_takes_about_400_bytes()
    {
        using WatchStream stream = new TestStore().Store.OpenWatchStream();
        byte[][] keys = [.. Enumerable.Range(0, 20_000).Select(i => TestStore.Bytes($"/registry/pods/{i:00000}"))];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (byte[] key in keys)
            stream.Add(KeyRange.Single(key), null, 0, out _);
        long bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / keys.Length;
        GC.KeepAlive(keys);
        Assert.InRange(bytes, 100, 480);
    }

    [CollectionDefinition(nameof(WatchMemoryTests), DisableParallelization = true)]
    public sealed class Alone;
}
