using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Coord.Transport.Connections;

/// <summary>One block of a <see cref="PinnedBlockPool"/>, and a link of a <see cref="FrameSender"/>'s queue.</summary>
internal sealed class PinnedBlock : IMemoryOwner<byte>
{
    private readonly PinnedBlockPool _pool;
    private int _isRented = 1;

    public PinnedBlock(PinnedBlockPool pool)
    {
        _pool = pool;
        Bytes = GC.AllocateUninitializedArray<byte>(PinnedBlockPool.BlockBytes, pinned: true);
        Memory = MemoryMarshal.CreateFromPinnedArray(Bytes, 0, Bytes.Length);
    }

    /// <summary>Gets the block's bytes.</summary>
    public byte[] Bytes { get; }

    /// <inheritdoc/>
    public Memory<byte> Memory { get; }

    /// <summary>Gets or sets where the bytes begin that are still to be sent.</summary>
    public int Start { get; set; }

    /// <summary>Gets or sets where they end.</summary>
    public int End { get; set; }

    /// <summary>Gets or sets the block that follows in a queue.</summary>
    public PinnedBlock? Next { get; set; }

    /// <summary>Gives the block back; the memory may be used by others at once.</summary>
    public void Dispose()
    {
        bool wasRented = Interlocked.Exchange(ref _isRented, 0) == 1;
        Debug.Assert(wasRented, "A block is returned once.");
        if (!wasRented)
            return;

        Next = null;
        _pool.Return(this);
    }

    internal void Reset()
    {
        _isRented = 1;
        Start = End = 0;
    }
}
