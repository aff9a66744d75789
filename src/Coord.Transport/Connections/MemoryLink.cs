using System.Buffers;
using Coord.Raft;

namespace Coord.Transport.Connections;

/// <summary>
/// The way from one member to another on an <see cref="InMemoryNetwork"/>: a bounded queue of messages.
/// </summary>
/// <remarks>At most one thread delivers at a time, so messages arrive in order. Thread-safe.</remarks>
internal sealed class MemoryLink(
    InMemoryTransport sender, InMemoryTransport receiver, NodeId from, NodeId to, InMemoryNetwork network)
    : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<(byte[] Bytes, int Length)> _queue = new();
    private readonly EntryArena _arena = new(network.EntryBlocks);
    private long _queuedBytes;
    private bool _isDelivering;
    private bool _isClosed;

    /// <summary>Gets the member that it leads to.</summary>
    public NodeId To => to;

    /// <summary>Encodes and queues a message.</summary>
    public bool TrySend(in Message message)
    {
        int size = MessageCodec.GetSize(message);
        if (size > MessageCodec.MaxMessageBytes)
            return false;

        lock (_lock)
        {
            if (_isClosed || (_queuedBytes > 0 && _queuedBytes + size > network.MaxQueuedBytes))
                return false;

            FixedBufferWriter writer = new(ArrayPool<byte>.Shared.Rent(size));
            MessageCodec.Write(message, writer);
            _queue.Enqueue((writer.Bytes, writer.Written));
            _queuedBytes += size;
            return true;
        }
    }

    /// <summary>Begins to deliver what is queued.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_isDelivering || _queue.Count == 0)
                return;

            _isDelivering = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Drops what is queued, and takes no more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            DropAll_NeedsLock();
            if (!_isDelivering)
                _arena.Dispose();
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        while (TryTake(out byte[] bytes, out int length))
        {
            ReceiveResult result = receiver.Receive(from, bytes, length, _arena);
            ArrayPool<byte>.Shared.Return(bytes);
            if (result is ReceiveResult.Malformed)
                sender.CloseLink(to); // As a connection would be.
        }
    }

    private bool TryTake(out byte[] bytes, out int length)
    {
        lock (_lock)
        {
            if (!_isClosed && _queue.TryDequeue(out (byte[] Bytes, int Length) message))
            {
                (bytes, length) = message;
                _queuedBytes -= length;
                return true;
            }

            _isDelivering = false;
            if (_isClosed)
                _arena.Dispose();

            (bytes, length) = ([], 0);
            return false;
        }
    }

    private void DropAll_NeedsLock()
    {
        while (_queue.TryDequeue(out (byte[] Bytes, int Length) message))
            ArrayPool<byte>.Shared.Return(message.Bytes);

        _queuedBytes = 0;
    }
}
