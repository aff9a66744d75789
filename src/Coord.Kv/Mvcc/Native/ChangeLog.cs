using System.Diagnostics;
using System.Numerics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// All changes since the last compaction in the order they were made, each under a sequence number that never changes.
/// Owned by the store; under its lock.
/// </summary>
/// <remarks>
/// Addresses of version records, in segments of the arena; a segment is freed once its last change is removed. So
/// growing copies nothing but the short list of segments.
/// </remarks>
internal sealed unsafe class ChangeLog
{
    public const int DefaultSegmentChanges = 2048;

    private readonly NativeArena _arena;
    private readonly int _segmentLog;
    private nint[] _segments = new nint[8];

    public ChangeLog(NativeArena arena, int segmentChanges = DefaultSegmentChanges)
    {
        Debug.Assert(BitOperations.IsPow2(segmentChanges), "A segment is found by shifting.");
        _arena = arena;
        _segmentLog = BitOperations.Log2((uint)segmentChanges);
    }

    /// <summary>Gets the sequence number of the oldest change still here.</summary>
    public long First { get; private set; }

    /// <summary>Gets the sequence number after the newest change.</summary>
    public long End { get; private set; }

    private int SegmentBytes => sizeof(VersionRecord*) << _segmentLog;

    public KeyVersion this[long sequence]
    {
        get
        {
            Debug.Assert(sequence >= First, "A change is not read after it was removed.");
            Debug.Assert(sequence < End, "A change is not read before it was made.");
            return new(*SlotOf(sequence));
        }
    }

    public void Add(KeyVersion change)
    {
        Debug.Assert(First == End || change.Stamp > this[End - 1].Stamp, "Changes come in order.");
        if (IsStartOfSegment(End))
            AddSegment();
        *SlotOf(End) = change.Record;
        End++;
    }

    /// <summary>Says that a change will be read soon.</summary>
    public void Prefetch(long sequence)
    {
        Debug.Assert(sequence >= First && sequence < End, "It is there.");
        Native.Prefetch.Line(*SlotOf(sequence));
    }

    /// <summary>Removes the oldest change; frees no version.</summary>
    public KeyVersion RemoveFirst()
    {
        KeyVersion change = this[First];
        First++;
        if (IsStartOfSegment(First))
            RemoveSegment(First - 1);
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

    private bool IsStartOfSegment(long sequence) => (sequence & ((1L << _segmentLog) - 1)) == 0;

    private ref nint SegmentOf(long sequence) => ref _segments[(sequence >> _segmentLog) & (_segments.Length - 1)];

    private VersionRecord** SlotOf(long sequence) =>
        (VersionRecord**)SegmentOf(sequence) + (sequence & ((1L << _segmentLog) - 1));

    private void AddSegment()
    {
        if (SegmentOf(End) != 0)
            Grow();
        SegmentOf(End) = (nint)_arena.Allocate(SegmentBytes);
    }

    private void RemoveSegment(long sequence)
    {
        ref nint segment = ref SegmentOf(sequence);
        _arena.Free((void*)segment, SegmentBytes);
        segment = 0;
    }

    private void Grow()
    {
        nint[] larger = new nint[_segments.Length * 2];
        for (long i = First >> _segmentLog; i < End >> _segmentLog; i++)
            larger[i & (larger.Length - 1)] = _segments[i & (_segments.Length - 1)];
        _segments = larger;
    }
}
