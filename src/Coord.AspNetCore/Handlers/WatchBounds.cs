using Coord.Kv;

namespace Coord.AspNetCore.Handlers;

/// <summary>Counts the streams and watches of this member, so that none of them are too many. Thread-safe.</summary>
internal sealed class WatchBounds(EtcdApiOptions options)
{
    /// <summary>How long keys may be until they count as a watch more: what is bounded is memory.</summary>
    private const int KeyBytesPerWatch = 1024;

    private int _streams;
    private int _watches;

    /// <summary>Takes room for a stream.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryOpenStream()
    {
        if (Interlocked.Increment(ref _streams) <= options.MaxWatchStreams)
            return true;

        CloseStream();
        return false;
    }

    public void CloseStream() => Interlocked.Decrement(ref _streams);

    /// <summary>Tells as how many watches one counts.</summary>
    public static int SizeOf(KeyRange range) => 1 + ((range.Key.Length + range.RangeEnd.Length) / KeyBytesPerWatch);

    /// <summary>Takes room for a watch on a stream that has some already.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryAdd(int size, int onStream)
    {
        if (onStream + size > options.MaxWatchesPerStream)
            return false;
        if (Interlocked.Add(ref _watches, size) <= options.MaxWatches)
            return true;

        Remove(size);
        return false;
    }

    public void Remove(int size) => Interlocked.Add(ref _watches, -size);
}
