using System.Buffers;
using System.Collections.Concurrent;

namespace Coord.Transport.Connections;

/// <summary>Memory for sockets, in pinned blocks of one size that are used again and again.</summary>
/// <remarks>
/// Sockets pin what they read into; blocks that are pinned for ever spare them that, and never fragment the heap that
/// moves. Bounded: what exceeds the number of idle blocks, 32 MiB of them, is left to the collector. That is what a few
/// peers with full queues use; with a quarter of it, a flow that kept a queue full allocated 8 B for each entry of 256.
/// Thread-safe.
/// </remarks>
internal sealed class PinnedBlockPool(int maxIdleBlocks = 512) : MemoryPool<byte>
{
    /// <summary>The size of each block.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly ConcurrentQueue<PinnedBlock> _idle = new();
    private int _idleCount;
    private int _rented;

    /// <summary>Gets how many blocks are in use.</summary>
    public int RentedBlocks => Volatile.Read(ref _rented);

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>Takes a block.</summary>
    public PinnedBlock RentBlock()
    {
        Interlocked.Increment(ref _rented);
        if (!_idle.TryDequeue(out PinnedBlock? block))
            return new PinnedBlock(this);

        Interlocked.Decrement(ref _idleCount);
        block.Reset();
        return block;
    }

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return RentBlock();
    }

    internal void Return(PinnedBlock block)
    {
        Interlocked.Decrement(ref _rented);
        if (Interlocked.Increment(ref _idleCount) > maxIdleBlocks)
            Interlocked.Decrement(ref _idleCount);
        else
            _idle.Enqueue(block);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
