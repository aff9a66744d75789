using System.Diagnostics;

namespace Coord.Raft;

/// <summary>A pooled piece of pinned memory that holds the payloads of many entries, counted by reference.</summary>
/// <remarks>
/// The creator holds one reference; each stored payload adds one. When the last goes the block returns to its pool.
/// A reference that is never released is no leak: the collector then frees the block instead of the pool reusing it.
/// So whoever is unsure whether somebody still reads may simply not release. Thread-safe.
/// </remarks>
public sealed class EntryBlock
{
    private readonly EntryBlockPool _pool;
    private int _references = 1;

    internal EntryBlock(EntryBlockPool pool, byte[] bytes)
    {
        _pool = pool;
        Bytes = bytes;
    }

    /// <summary>Gets the pinned memory.</summary>
    internal byte[] Bytes { get; }

    /// <summary>Adds references.</summary>
    /// <param name="count">How many; positive.</param>
    public void AddReferences(int count = 1)
    {
        int references = Interlocked.Add(ref _references, count);
        Debug.Assert(references > count, "Only who holds a reference may add one.");
    }

    /// <summary>Releases references; with the last one the memory may be reused at once.</summary>
    /// <param name="count">How many; positive.</param>
    public void Release(int count = 1)
    {
        int references = Interlocked.Add(ref _references, -count);
        Debug.Assert(references >= 0, "A reference is released once.");
        if (references == 0)
            _pool.Return(this);
    }

    internal void Revive()
    {
        Debug.Assert(_references == 0, "Only a block that nobody uses is handed out again.");
        _references = 1;
    }
}
