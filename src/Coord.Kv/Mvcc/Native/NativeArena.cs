using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Coord.Kv.Mvcc.Native;

/// <summary>Memory outside the garbage-collected heap, handed out in blocks of any size. Not thread-safe.</summary>
/// <remarks>
/// Chunks come from the system and are cut into pages, a page into blocks of one size (<see cref="SizeClass"/>). Blocks
/// of more than an eighth of a page come from the system one by one. A page whose blocks are all free serves any size
/// again, and a chunk whose pages are all free goes back to the system if another chunk's worth of pages is free.
/// <para>
/// What it holds is bounded: a chunk is taken only when no page is free, so <see cref="AllocatedBytes"/> exceeds by at
/// most a chunk what the pages with a block in use, and one for each size, ever were at a time. Blocks never move, so a
/// page with one block in use stays: for each size that can be as much as was ever in use in blocks of it.
/// </para>
/// <para>
/// Whoever uses a block must keep the arena alive, and must not use it after <see cref="Free"/>: in debug builds freed
/// memory is overwritten, and checked when it is handed out again. The finalizer is for a store that nobody can reach.
/// </para>
/// </remarks>
internal sealed unsafe class NativeArena : IDisposable
{
    public const int DefaultPageBytes = 64 * 1024;

    /// <summary>What freed memory is overwritten with in debug builds.</summary>
    public const byte Poison = 0xdb;

    private const int MaxChunkPages = 64; // One bit of a mask for each.
    private const int MinChunkPages = 4;
    private const byte Unwritten = 0xcd;
    private const long MinPressureStep = 1024 * 1024;

    private readonly int _pageBytes;
    private readonly ArenaPage*[] _withRoom;
    private readonly List<Chunk> _chunks = [];
    private LargeBlock* _large;
    private int _pages;
    private int _freePages;
    private int _firstChunkWithFreePages;
    private ChunkSupply? _supply;
    private long _pressure;
    private bool _disposed;

    public NativeArena(int pageBytes = DefaultPageBytes)
    {
        Debug.Assert(BitOperations.IsPow2(pageBytes), "A page is found by cutting off the end of an address.");
        Debug.Assert(pageBytes / 8 >= ArenaPage.HeadBytes, "A page holds several of its largest blocks.");
        _pageBytes = pageBytes;
        MaxPooledBytes = pageBytes / 8;
        _withRoom = new ArenaPage*[SizeClass.Of(MaxPooledBytes) + 1];
    }

#pragma warning disable MA0055 // A state machine is not disposed by its node: its memory must not stay behind.
    ~NativeArena() => Release();
#pragma warning restore MA0055

    /// <summary>Gets what was taken from the system.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Gets what is in use, each block with the size it really has.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Gets the size above which blocks come from the system one by one.</summary>
    public int MaxPooledBytes { get; }

    /// <summary>Begins to have memory ready, since much will be taken soon.</summary>
    public void BeginSupply() => _supply ??= new ChunkSupply((long)MaxChunkPages * _pageBytes, _pageBytes);

    /// <summary>Ends <see cref="BeginSupply"/>.</summary>
    public void EndSupply()
    {
        _supply?.Dispose();
        _supply = null;
    }

    /// <summary>Takes a block; its content is undefined, its address a multiple of 8.</summary>
    public byte* Allocate(int bytes)
    {
        Debug.Assert(bytes > 0, "A block has at least one byte.");
        Debug.Assert(!_disposed, "Nothing is taken from an arena that is gone.");
        if (bytes > MaxPooledBytes)
            return AllocateLarge(bytes);

        int sizeClass = SizeClass.Of(bytes);
        ArenaPage* page = _withRoom[sizeClass];
        if (page == null)
            page = AddPage(sizeClass);

        byte* block = page->Freed;
        if (block != null)
        {
            page->Freed = *(byte**)block;
            AssertPoisoned(block, page->BlockBytes);

            // The next one may have been free for long, and be in no cache by now.
            if (page->Freed != null)
                Prefetch.Lines(page->Freed, page->BlockBytes);
        }
        else
        {
            block = (byte*)page + page->Fresh;
            page->Fresh += page->BlockBytes;
        }

        page->Used++;
        UsedBytes += page->BlockBytes;
        if (!page->HasRoom(_pageBytes))
            Unlink(page);
        Fill(block, page->BlockBytes, Unwritten);
        return block;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="block">The block.</param>
    /// <param name="bytes">How many bytes it was taken for.</param>
    public void Free(void* block, int bytes)
    {
        Debug.Assert(!_disposed, "Nothing is given back to an arena that is gone.");
        if (bytes > MaxPooledBytes)
        {
            FreeLarge((byte*)block, bytes);
            return;
        }

        ArenaPage* page = (ArenaPage*)((nuint)block & ~(nuint)(_pageBytes - 1));
        Debug.Assert(page->SizeClass == SizeClass.Of(bytes), "A block is given back with the size it was taken for.");
        Debug.Assert(page->Used > 0, "A block is given back once.");
        Debug.Assert(
            ((byte*)block - (byte*)page - ArenaPage.HeadBytes) % page->BlockBytes == 0, "It is the start of a block.");
        AssertNotPoisoned((byte*)block, page->BlockBytes);
        Fill((byte*)block, page->BlockBytes, Poison);

        bool hadRoom = page->HasRoom(_pageBytes);
        *(byte**)block = page->Freed;
        page->Freed = (byte*)block;
        page->Used--;
        UsedBytes -= page->BlockBytes;
        if (!hadRoom)
            Link(page);

        // One page stays, or a block that comes and goes would take its page along each time.
        if (page->Used == 0 && (page->Next != null || page->Previous != null))
            RemovePage(page);
    }

    /// <summary>Gives everything back to the system; no block may be used any more.</summary>
    public void Dispose()
    {
        EndSupply();
        Release();
        GC.SuppressFinalize(this);
    }

    private byte* AllocateLarge(int bytes)
    {
        LargeBlock* block = (LargeBlock*)NativeMemory.Alloc((nuint)sizeof(LargeBlock) + (nuint)bytes);
        block->Bytes = bytes;
        block->Previous = null;
        block->Next = _large;
        if (_large != null)
            _large->Previous = block;
        _large = block;
        UsedBytes += bytes;
        AddAllocated(bytes);
        Fill((byte*)(block + 1), bytes, Unwritten);
        return (byte*)(block + 1);
    }

    private void FreeLarge(byte* content, int bytes)
    {
        LargeBlock* block = (LargeBlock*)content - 1;
        Debug.Assert(block->Bytes == bytes, "A block is given back with the size it was taken for.");
        if (block->Previous == null)
            _large = block->Next;
        else
            block->Previous->Next = block->Next;
        if (block->Next != null)
            block->Next->Previous = block->Previous;
        Fill(content, bytes, Poison);
        block->Bytes = 0;
        NativeMemory.Free(block);
        UsedBytes -= bytes;
        AddAllocated(-bytes);
    }

    private ArenaPage* AddPage(int sizeClass)
    {
        while (_firstChunkWithFreePages < _chunks.Count && _chunks[_firstChunkWithFreePages].FreePages == 0)
            _firstChunkWithFreePages++;
        if (_firstChunkWithFreePages == _chunks.Count)
            AddChunk();

        // The first chunks are filled first, so that the last ones can empty.
        ref Chunk chunk = ref CollectionsMarshal.AsSpan(_chunks)[_firstChunkWithFreePages];
        int number = BitOperations.TrailingZeroCount(chunk.FreePages);
        chunk.FreePages &= chunk.FreePages - 1;
        _freePages--;

        ArenaPage* page = (ArenaPage*)(chunk.Memory + ((long)number * _pageBytes));
        *page = new ArenaPage
        {
            SizeClass = sizeClass,
            BlockBytes = SizeClass.Bytes(sizeClass),
            Fresh = ArenaPage.HeadBytes,
            Chunk = _firstChunkWithFreePages,
        };
        Link(page);
        return page;
    }

    private void RemovePage(ArenaPage* page)
    {
        Unlink(page);
        int index = page->Chunk;
        ref Chunk chunk = ref CollectionsMarshal.AsSpan(_chunks)[index];
        chunk.FreePages |= 1UL << (int)(((byte*)page - chunk.Memory) / _pageBytes);
        _freePages++;
        _firstChunkWithFreePages = Math.Min(_firstChunkWithFreePages, index);
        if (chunk.FreePages == chunk.AllPages && _freePages >= 2 * chunk.Pages)
            RemoveChunk(ref chunk);
    }

    private void AddChunk()
    {
        // A small store has small chunks, so that an eighth or a quarter of it is the most that is not in use yet.
        int pages = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)_pages / 8), MinChunkPages, MaxChunkPages);
        byte* memory = pages == MaxChunkPages && _supply is not null
            ? _supply.Take()
            : SystemMemory.Allocate((long)pages * _pageBytes, _pageBytes);
        Chunk chunk = new() { Memory = memory, Pages = pages };
        chunk.FreePages = chunk.AllPages;

        int free = _chunks.FindIndex(old => old.Pages == 0);
        if (free < 0)
        {
            free = _chunks.Count;
            _chunks.Add(default);
        }

        _chunks[free] = chunk;
        _firstChunkWithFreePages = free;
        _pages += pages;
        _freePages += pages;
        AddAllocated((long)pages * _pageBytes);
    }

    private void RemoveChunk(ref Chunk chunk)
    {
        SystemMemory.Free(chunk.Memory, (long)chunk.Pages * _pageBytes);
        _pages -= chunk.Pages;
        _freePages -= chunk.Pages;
        AddAllocated(-(long)chunk.Pages * _pageBytes);
        chunk = default;
    }

    private void Link(ArenaPage* page)
    {
        ref ArenaPage* first = ref _withRoom[page->SizeClass];
        page->Previous = null;
        page->Next = first;
        if (first != null)
            first->Previous = page;
        first = page;
    }

    private void Unlink(ArenaPage* page)
    {
        if (page->Previous == null)
            _withRoom[page->SizeClass] = page->Next;
        else
            page->Previous->Next = page->Next;
        if (page->Next != null)
            page->Next->Previous = page->Previous;
        page->Next = null;
        page->Previous = null;
    }

    /// <summary>Lets the collector know: it would not run soon for the little that it sees of a store.</summary>
    /// <remarks>
    /// In steps that grow with the store. The collector takes each for a reason to collect everything; told of every
    /// chunk, it spent a twentieth of the loading of a million keys on that.
    /// </remarks>
    private void AddAllocated(long bytes)
    {
        AllocatedBytes += bytes;
        long change = AllocatedBytes - _pressure;
        if (Math.Abs(change) < Math.Max(MinPressureStep, _pressure / 4) && AllocatedBytes > 0)
            return;

        _pressure = AllocatedBytes;
        if (change > 0)
            GC.AddMemoryPressure(change);
        else if (change < 0)
            GC.RemoveMemoryPressure(-change);
    }

    private void Release()
    {
        if (_disposed)
            return;

        _disposed = true;
        foreach (Chunk chunk in _chunks)
            SystemMemory.Free(chunk.Memory, (long)chunk.Pages * _pageBytes);
        _chunks.Clear();
        while (_large != null)
        {
            LargeBlock* block = _large;
            _large = block->Next;
            NativeMemory.Free(block);
        }

        Array.Clear(_withRoom);
        UsedBytes = 0;
        AddAllocated(-AllocatedBytes);
    }

    [Conditional("DEBUG")]
    private static void Fill(byte* block, int bytes, byte value) => new Span<byte>(block, bytes).Fill(value);

    [Conditional("DEBUG")]
    private static void AssertPoisoned(byte* block, int bytes) =>
        Debug.Assert(
            !new Span<byte>(block, bytes)[sizeof(byte*)..].ContainsAnyExcept(Poison),
            "Nobody writes into a block after giving it back.");

    [Conditional("DEBUG")]
    private static void AssertNotPoisoned(byte* block, int bytes) =>
        Debug.Assert(
            bytes <= sizeof(byte*) || new Span<byte>(block, bytes)[sizeof(byte*)..].ContainsAnyExcept(Poison),
            "A block is given back once.");

    private struct Chunk
    {
        public byte* Memory;
        public int Pages;
        public ulong FreePages;

        public readonly ulong AllPages => Pages == MaxChunkPages ? ulong.MaxValue : (1UL << Pages) - 1;
    }

    private struct LargeBlock
    {
        public LargeBlock* Next;
        public LargeBlock* Previous;
        public long Bytes;
    }
}
