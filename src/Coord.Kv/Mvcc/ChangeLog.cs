using System.Diagnostics;

namespace Coord.Kv.Mvcc;

/// <summary>
/// All changes since the last compaction in the order they were made, each under a sequence number that never changes.
/// Owned by the store; under its lock.
/// </summary>
internal sealed class ChangeLog
{
    private KeyVersion?[] _ring = new KeyVersion?[16];

    /// <summary>Gets the sequence number of the oldest change still here.</summary>
    public long First { get; private set; }

    /// <summary>Gets the sequence number after the newest change.</summary>
    public long End { get; private set; }

    public KeyVersion this[long sequence]
    {
        get
        {
            Debug.Assert(sequence >= First, "A change is not read after it was removed.");
            Debug.Assert(sequence < End, "A change is not read before it was made.");
            return _ring[sequence & (_ring.Length - 1)]!;
        }
    }

    public void Add(KeyVersion change)
    {
        Debug.Assert(First == End || change.Stamp > this[End - 1].Stamp, "Changes come in order.");
        if (End - First == _ring.Length)
            Grow();
        _ring[End & (_ring.Length - 1)] = change;
        End++;
    }

    public KeyVersion RemoveFirst()
    {
        KeyVersion change = this[First];
        _ring[First & (_ring.Length - 1)] = null;
        First++;
        return change;
    }

    /// <summary>Returns the sequence number of the first change that is not below a revision.</summary>
    public long Find(long revision)
    {
        long low = First;
        long high = End;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (this[middle].Stamp.Revision < revision)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private void Grow()
    {
        KeyVersion?[] larger = new KeyVersion?[_ring.Length * 2];
        for (long i = First; i < End; i++)
            larger[i & (larger.Length - 1)] = this[i];
        _ring = larger;
    }
}
