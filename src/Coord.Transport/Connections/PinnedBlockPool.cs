using System.Buffers;
using System.Collections.Concurrent;

namespace Coord.Transport.Connections;

/// <summary>Memory for sockets, in pinned blocks of one size that are used again and again.</summary>
/// <remarks>
/// Sockets pin what they read into; blocks that are pinned for ever spare them that, and never fragment the heap that
/// moves. Bounded: what exceeds the number of idle blocks is left to the collector. Thread-safe.
/// </remarks>
internal sealed class PinnedBlockPool(int maxIdleBlocks = 128) : MemoryPool<byte>
{
    /// <summary>The size of each block.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly ConcurrentQueue<PinnedBlock> _idle = new();
    private int _idleCount;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>Takes a block.</summary>
    public PinnedBlock RentBlock()
    {
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
