using System.Collections.Concurrent;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// Has the next chunks of an arena resident before they are needed, by a thread of its own. Used by the arena's owner.
/// </summary>
/// <remarks>
/// Loading a store writes to hundreds of megabytes of fresh memory, and the system clears every page at its first use:
/// half of the time that loading took. Bounded: a few chunks wait at most, and go back when it ends.
/// </remarks>
internal sealed unsafe class ChunkSupply : IDisposable
{
    private const int MaxAhead = 4;

    private readonly long _bytes;
    private readonly int _alignment;
    private readonly BlockingCollection<nint> _ready = new(MaxAhead);
    private readonly CancellationTokenSource _stop = new();
    private Thread? _thread;

    /// <summary>Prepares a supply; it does nothing before the first chunk is taken.</summary>
    /// <param name="bytes">The size of a chunk.</param>
    /// <param name="alignment">What its address is a multiple of.</param>
    public ChunkSupply(long bytes, int alignment)
    {
        _bytes = bytes;
        _alignment = alignment;
    }

    /// <summary>Takes a chunk, which the caller owns.</summary>
    public byte* Take()
    {
        if (_thread is null)
        {
            _thread = new Thread(Prepare) { IsBackground = true, Name = "coord kv memory" };
            _thread.Start();
        }

        // If none is ready, clearing one here is as quick as waiting for it.
        return _ready.TryTake(out nint chunk) ? (byte*)chunk : SystemMemory.Allocate(_bytes, _alignment);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        while (_ready.TryTake(out nint chunk))
            SystemMemory.Free((byte*)chunk, _bytes);
        _ready.Dispose();
        _stop.Dispose();
    }

    private void Prepare()
    {
        while (!_stop.IsCancellationRequested)
        {
            byte* chunk = null;
            try
            {
                chunk = SystemMemory.Allocate(_bytes, _alignment);
                SystemMemory.Touch(chunk, _bytes);
                _ready.Add((nint)chunk, _stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or OutOfMemoryException)
            {
                // Nobody wants it any more; or there is none, which whoever needs it finds out by himself.
                if (chunk != null)
                    SystemMemory.Free(chunk, _bytes);
                return;
            }
        }
    }
}
