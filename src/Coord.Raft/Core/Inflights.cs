using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The append messages sent to one member and not answered: bounded in number and in bytes.</summary>
/// <param name="maxCount">How many may be in flight.</param>
/// <param name="maxBytes">How many payload bytes; zero is no limit.</param>
internal sealed class Inflights(int maxCount, long maxBytes)
{
    // Grows on demand: most members never have many in flight.
    private (LogIndex Last, long Bytes)[] _ring = new (LogIndex, long)[Math.Min(maxCount, 16)];
    private int _start;
    private long _bytes;

    /// <summary>Gets the number of messages in flight.</summary>
    public int Count { get; private set; }

    /// <summary>Gets a value indicating whether nothing more may be sent.</summary>
    /// <remarks>The last message may exceed the bytes, or a large entry could never be sent.</remarks>
    public bool IsFull => Count == maxCount || (maxBytes > 0 && _bytes >= maxBytes);

    /// <summary>Notes a message.</summary>
    /// <param name="last">The last entry in it.</param>
    /// <param name="bytes">Its payload bytes.</param>
    public void Add(LogIndex last, long bytes)
    {
        Debug.Assert(!IsFull, "A full window sends nothing.");
        if (Count == _ring.Length)
            Grow();
        _ring[(_start + Count) % _ring.Length] = (last, bytes);
        Count++;
        _bytes += bytes;
    }

    /// <summary>Forgets the messages that an answer covers.</summary>
    /// <param name="index">The acknowledged index.</param>
    public void FreeThrough(LogIndex index)
    {
        while (Count > 0 && _ring[_start].Last <= index)
        {
            _bytes -= _ring[_start].Bytes;
            _start = (_start + 1) % _ring.Length;
            Count--;
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Count = 0;
        _start = 0;
        _bytes = 0;
    }

    private void Grow()
    {
        var larger = new (LogIndex, long)[Math.Min(maxCount, _ring.Length * 2)];
        for (int i = 0; i < Count; i++)
            larger[i] = _ring[(_start + i) % _ring.Length];
        _ring = larger;
        _start = 0;
    }
}
