using System.Collections.Concurrent;

namespace Coord.Raft;

/// <summary>Keeps pinned blocks for entry payloads, so that a steady flow of entries allocates nothing.</summary>
/// <remarks>Bounded: what exceeds <c>maxIdleBlocks</c> is left to the collector. Thread-safe.</remarks>
public sealed class EntryBlockPool
{
    /// <summary>
    /// The size of a block: large enough that its bookkeeping disappears, small enough to be freed soon.
    /// </summary>
    public const int BlockBytes = 256 * 1024;

    // What a member without others has on its way to the disk, of usual entries: 4 MiB.
    private const int FewIdleBlocks = 16;

    private readonly ConcurrentQueue<EntryBlock> _idle = new();
    private readonly int _maxIdleBlocks;
    private int _idleCount;
    private bool _keepsFew;

    /// <summary>Creates an empty pool.</summary>
    /// <param name="maxIdleBlocks">
    /// How many unused blocks are kept, 1,024 by default (256 MiB). A log gives back at once what came in since its
    /// last snapshot. Kept for reuse, that costs what it has cost already; with 64 blocks 94 bytes an entry of 256 were
    /// allocated anew (TcpReplicationBenchmarks).
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public EntryBlockPool(int maxIdleBlocks = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxIdleBlocks);
        _maxIdleBlocks = maxIdleBlocks;
    }

    /// <summary>
    /// Gets or sets a value indicating whether few unused blocks are kept, and what the others held becomes the
    /// system's at once: for a log that keeps nothing, and will not need what it needed to be read.
    /// </summary>
    internal bool KeepsFew
    {
        get => Volatile.Read(ref _keepsFew);
        set => Volatile.Write(ref _keepsFew, value);
    }

    /// <summary>Takes a block with one reference, which the caller releases when it has filled the block.</summary>
    /// <param name="minBytes">
    /// The least size; a block of its own is made for a payload above <see cref="BlockBytes"/>.
    /// </param>
    internal EntryBlock Rent(int minBytes = BlockBytes)
    {
        if (minBytes <= BlockBytes && _idle.TryDequeue(out EntryBlock? block))
        {
            Interlocked.Decrement(ref _idleCount);
            block.Revive();
            return block;
        }

        return new EntryBlock(this, GC.AllocateUninitializedArray<byte>(Math.Max(minBytes, BlockBytes), pinned: true));
    }

    internal void Return(EntryBlock block)
    {
        if (block.Bytes.Length != BlockBytes)
            return;

        bool keepsFew = KeepsFew;
        int most = keepsFew ? Math.Min(FewIdleBlocks, _maxIdleBlocks) : _maxIdleBlocks;
        if (Interlocked.Increment(ref _idleCount) <= most)
        {
            _idle.Enqueue(block);
            return;
        }

        Interlocked.Decrement(ref _idleCount);

        // The collector frees the array in its own time, which may be far off; its content is what counts.
        if (keepsFew)
            ResidentPages.Discard(block.Bytes);
    }
}
