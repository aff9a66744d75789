using System.Buffers;
using System.Collections.Concurrent;

namespace Coord.Kv.Mvcc;

/// <summary>
/// Reads a stream ahead on a thread of its own: reading and checking a file goes on beside the use of its bytes. Read
/// by one thread.
/// </summary>
/// <remarks>
/// Bounded: a few blocks wait at most. Nobody touches the source once <see cref="Stream.Dispose()"/> has returned;
/// it is not disposed. What the source throws is thrown to the reader, within a block of where it happened.
/// </remarks>
internal sealed class ReadAheadStream : Stream
{
    private const int BlockBytes = 256 * 1024;
    private const int MaxBlocks = 8;

    private readonly Stream _source;
    private readonly List<byte[]> _blocks = [];
    private readonly BlockingCollection<byte[]> _free = [];
    private readonly BlockingCollection<(byte[] Bytes, int Count)> _read = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private Exception? _failure;
    private byte[] _current = [];
    private int _position;
    private int _end;

    public ReadAheadStream(Stream source)
    {
        _source = source;
        _thread = new Thread(ReadAhead) { IsBackground = true, Name = "coord kv read" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_position == _end && !TryNext())
            return 0;

        int count = Math.Min(buffer.Length, _end - _position);
        _current.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            _thread.Join();
            foreach (byte[] block in _blocks)
                ArrayPool<byte>.Shared.Return(block);
            _stop.Dispose();
            _free.Dispose();
            _read.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryNext()
    {
        if (_current.Length > 0)
            _free.Add(_current);
        _current = [];
        _position = _end = 0;
        if (_read.TryTake(out (byte[] Bytes, int Count) block, Timeout.Infinite))
        {
            (_current, _end) = block;
            return true;
        }

        return _failure is null ? false : throw _failure;
    }

    private void ReadAhead()
    {
        try
        {
            while (true)
            {
                byte[] block = TakeBlock();
                int count = _source.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
                if (count > 0)
                    _read.Add((block, count));
                if (count < block.Length)
                    return;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            _failure = e;
        }
        finally
        {
            _read.CompleteAdding();
        }
    }

    private byte[] TakeBlock()
    {
        if (_free.TryTake(out byte[]? block))
            return block;
        if (_blocks.Count == MaxBlocks)
            return _free.Take(_stop.Token);

        block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        _blocks.Add(block);
        return block;
    }
}
