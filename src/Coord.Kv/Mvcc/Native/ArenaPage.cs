namespace Coord.Kv.Mvcc.Native;

/// <summary>The head of a page: a piece of a chunk, aligned to its size, that is cut into blocks of one size.</summary>
internal unsafe struct ArenaPage
{
    public const int HeadBytes = 48;

    /// <summary>The neighbours among the pages of this size that have room.</summary>
    public ArenaPage* Next;
    public ArenaPage* Previous;

    /// <summary>The last block that was freed; it begins with the address of the one freed before.</summary>
    public byte* Freed;
    public int SizeClass;
    public int BlockBytes;

    /// <summary>How many blocks are in use.</summary>
    public int Used;

    /// <summary>Where the blocks begin that were never in use.</summary>
    public int Fresh;
    public int Chunk;

    public readonly bool HasRoom(int pageBytes) => Freed != null || Fresh + BlockBytes <= pageBytes;
}
