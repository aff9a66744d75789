using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Coord.Raft;
using Coord.Shared;
using Coord.Transport.Diagnostics;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>Encodes frames into pinned blocks and sends these; the sending half of one connection.</summary>
/// <remarks>
/// Any thread may add frames, under a lock that is held for the copy alone. At most one thread at a time sends, and
/// whoever flushes becomes that thread if there is none: the first send is tried on the caller's own thread, since
/// waking another costs more than the system call. What is queued is bounded; a frame that does not fit is dropped.
/// Nothing is allocated for a frame.
/// </remarks>
internal sealed class FrameSender : IBufferWriter<byte>, IThreadPoolWorkItem
{
    // What one call of Flush sends by itself; the rest goes to the thread pool, so that a flush stays short.
    private const int MaxInlineBytes = 512 * 1024;

    private readonly Lock _lock = new();
    private readonly Wire _wire;
    private readonly PinnedBlockPool _blocks;
    private readonly TransportMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly Lane _lane;
    private readonly uint _epoch;
    private readonly int _maxFrameBytes;
    private readonly long _maxQueuedBytes;
    private readonly Action _resume;

    private PinnedBlock? _head;
    private PinnedBlock? _tail;
    private long _queuedBytes;
    private uint _sequence;
    private uint _crc;
    private int _frameBytes;
    private long _frames;
    private bool _isClosed;
    private int _isSending;
    private long _sendingSince;
    private long _lastProgress;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _pending;

    /// <summary>Creates the sending half of a connection.</summary>
    public FrameSender(Wire wire, Lane lane, uint epoch, ConnectionContext context)
    {
        _wire = wire;
        _lane = lane;
        _epoch = epoch;
        _blocks = context.Blocks;
        _metrics = context.Metrics;
        _timeProvider = context.TimeProvider;
        _maxFrameBytes = context.Options.MaxFrameBytes;
        _maxQueuedBytes = context.Options.MaxQueuedBytes(lane);
        _lastProgress = _timeProvider.GetTimestamp();
        _resume = Resume;
    }

    /// <summary>Gets since when a send has been waiting for the other side to read; zero if none does.</summary>
    public long SendingSince => Volatile.Read(ref _sendingSince);

    /// <summary>Gets when a send last ended, as a timestamp of the time provider.</summary>
    public long LastProgress => Volatile.Read(ref _lastProgress);

    /// <summary>Gets how many bytes wait to be sent.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Adds a message; thread-safe.</summary>
    /// <returns>False if it does not fit into the queue or a frame, or the connection has ended.</returns>
    public bool TrySend(in Message message)
    {
        int size = MessageCodec.GetSize(message);
        if (size > _maxFrameBytes)
            return false;

        lock (_lock)
        {
            // An empty queue takes any frame, or one above the bound could never be sent.
            if (_isClosed || (_queuedBytes > 0 && _queuedBytes + FrameHeader.Size + size > _maxQueuedBytes))
                return false;

            (PinnedBlock? tail, int end) = (_tail, _tail?.End ?? 0);
            try
            {
                PinnedBlock block = BeginFrame(out int offset);
                MessageCodec.Write(message, this);
                Debug.Assert(_frameBytes == size, "The size of a message is exact.");
                EndFrame(FrameKind.Message, block, offset);
            }
            catch
            {
                TruncateTo(tail, end); // Half a frame would spoil all that follow.
                throw;
            }
        }

        return true;
    }

    /// <summary>Adds a frame without a payload, unless the queue is full; thread-safe.</summary>
    public void Send(FrameKind kind)
    {
        lock (_lock)
        {
            // Bounded here too: a peer may ask for signs of life without end, and never read one.
            if (_isClosed || _queuedBytes > _maxQueuedBytes)
                return;

            PinnedBlock block = BeginFrame(out int offset);
            EndFrame(kind, block, offset);
        }
    }

    /// <summary>Sends what is queued, as far as the other side takes it without waiting; thread-safe.</summary>
    public void Flush()
    {
        if (Volatile.Read(ref _queuedBytes) == 0 || Interlocked.CompareExchange(ref _isSending, 1, 0) != 0)
            return;

        if (_wire.IsSendCheap)
            Pump(MaxInlineBytes);
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>
    /// Takes no more frames, and gives the blocks back once no send is under way. The wire is aborted.
    /// </summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (Interlocked.CompareExchange(ref _isSending, 1, 0) == 0)
                ReleaseBlocks_NeedsLock();
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => Pump(long.MaxValue);

    /// <inheritdoc/>
    void IBufferWriter<byte>.Advance(int count)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "Frames are written under the lock.");
        _crc = Crc32C.Append(_crc, _tail!.Bytes.AsSpan(_tail.End, count));
        _tail.End += count;
        _frameBytes += count;
    }

    /// <inheritdoc/>
    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        PinnedBlock block = Reserve(sizeHint);
        return block.Memory[block.End..];
    }

    /// <remarks>A hint above the size of a block is met in part: payloads are written piece by piece.</remarks>
    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint)
    {
        PinnedBlock block = Reserve(sizeHint);
        return block.Bytes.AsSpan(block.End);
    }

    private PinnedBlock BeginFrame(out int offset)
    {
        PinnedBlock block = Reserve(FrameHeader.Size);
        offset = block.End;
        block.End += FrameHeader.Size;
        _crc = Crc32C.Initial;
        _frameBytes = 0;
        return block;
    }

    private void EndFrame(FrameKind kind, PinnedBlock block, int offset)
    {
        _sequence++;
        FrameHeader header = new(_frameBytes, kind, _lane, Crc32C.Finish(_crc));
        header.Write(block.Bytes.AsSpan(offset), FrameHeader.Seed(_epoch, _sequence));
        Volatile.Write(ref _queuedBytes, _queuedBytes + FrameHeader.Size + _frameBytes);
        _frames++;
    }

    private PinnedBlock Reserve(int size)
    {
        size = Math.Clamp(size, 1, PinnedBlockPool.BlockBytes);
        if (_tail is { } tail && tail.Bytes.Length - tail.End >= size)
            return tail;

        PinnedBlock block = _blocks.RentBlock();
        if (_tail is null)
            _head = block;
        else
            _tail.Next = block;
        return _tail = block;
    }

    private void TruncateTo(PinnedBlock? tail, int end)
    {
        PinnedBlock? surplus = tail is null ? _head : tail.Next;
        if (tail is null)
        {
            _head = null;
        }
        else
        {
            tail.Next = null;
            tail.End = end;
        }

        _tail = tail;
        while (surplus is not null)
        {
            PinnedBlock? next = surplus.Next;
            surplus.Dispose();
            surplus = next;
        }
    }

    /// <summary>Sends until nothing is left or a send has to wait. The caller owns <c>_isSending</c>.</summary>
    private void Pump(long budget)
    {
        try
        {
            while (TryPeek(out ReadOnlyMemory<byte> chunk))
            {
                if (budget <= 0)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }

                Volatile.Write(ref _sendingSince, _timeProvider.GetTimestamp());
                ValueTask<int> send = _wire.SendAsync(chunk);
                if (!send.IsCompleted)
                {
                    _pending = send.ConfigureAwait(false).GetAwaiter();
                    _pending.UnsafeOnCompleted(_resume);
                    return;
                }

                Consume(send.GetAwaiter().GetResult());
                budget -= chunk.Length;
            }
        }
        catch (Exception e) when (IsBroken(e))
        {
            Fail();
        }
    }

    private void Resume()
    {
        try
        {
            Consume(_pending.GetResult());
        }
        catch (Exception e) when (IsBroken(e))
        {
            Fail();
            return;
        }

        Pump(long.MaxValue);
    }

    private bool TryPeek(out ReadOnlyMemory<byte> chunk)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                ReleaseBlocks_NeedsLock();
                chunk = default;
                return false; // Still marked as sending, so that nobody starts again.
            }

            while (_head is { } block)
            {
                if (block.Start < block.End)
                {
                    chunk = block.Memory[block.Start..block.End];
                    return true;
                }

                if (block.Next is null)
                {
                    block.Start = block.End = 0;
                    break;
                }

                _head = block.Next;
                block.Dispose();
            }

            chunk = default;
            // Within the lock: whoever adds a frame after this finds nobody sending.
            Volatile.Write(ref _isSending, 0);
            return false;
        }
    }

    private void Consume(int sent)
    {
        Volatile.Write(ref _sendingSince, 0);
        Volatile.Write(ref _lastProgress, _timeProvider.GetTimestamp());
        long frames;
        lock (_lock)
        {
            Debug.Assert(sent <= _head!.End - _head.Start, "No more is sent than was there.");
            _head!.Start += sent;
            Volatile.Write(ref _queuedBytes, _queuedBytes - sent);
            (frames, _frames) = (_frames, 0);
        }

        _metrics.Sent(frames, sent);
    }

    private void Fail()
    {
        Volatile.Write(ref _sendingSince, 0);
        lock (_lock)
        {
            _isClosed = true;
            ReleaseBlocks_NeedsLock();
        }

        _wire.Abort(); // The receiving loop ends with it, and tells why.
    }

    private void ReleaseBlocks_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The queue belongs to the lock.");
        TruncateTo(null, 0);
        Volatile.Write(ref _queuedBytes, 0);
    }

    private static bool IsBroken(Exception exception) =>
        exception is SocketException or IOException or ObjectDisposedException or InvalidOperationException;
}
