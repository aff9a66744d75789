namespace Coord.Raft;

/// <summary>Copies payloads into pooled blocks, one after the other.</summary>
/// <remarks>
/// Owned by one thread; each writer (a connection, the proposal queue under its lock) has an arena of its own.
/// </remarks>
public sealed class EntryArena : IDisposable
{
    private readonly EntryBlockPool _pool;
    private EntryBlock? _block;
    private int _used;

    /// <summary>Creates an arena that fills blocks of a pool.</summary>
    /// <param name="pool">Where blocks come from and return to.</param>
    public EntryArena(EntryBlockPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
    }

    /// <summary>Reserves memory for one payload, with one reference on its block that the caller now owns.</summary>
    /// <param name="length">The payload's size in bytes; not negative.</param>
    /// <param name="block">The block to name in the entry, and to release when the entry is dropped.</param>
    /// <returns>The memory to fill before the entry is shown to anybody else.</returns>
    public Memory<byte> Allocate(int length, out EntryBlock block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (_block is null || _block.Bytes.Length - _used < length)
        {
            _block?.Release();
            _block = _pool.Rent(length);
            _used = 0;
        }

        block = _block;
        block.AddReferences();
        Memory<byte> memory = block.Bytes.AsMemory(_used, length);
        _used += length;
        return memory;
    }

    /// <summary>
    /// Lets go of the block being filled; the payloads in it stay valid as long as they are referenced.
    /// </summary>
    public void Dispose()
    {
        _block?.Release();
        _block = null;
    }
}
