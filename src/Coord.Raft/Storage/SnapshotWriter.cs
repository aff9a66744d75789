using System.Buffers.Binary;

namespace Coord.Raft.Storage;

/// <summary>
/// Writes the payload of a new snapshot, chunk by chunk, into a file that nobody sees before the commit.
/// </summary>
/// <remarks>Used by one thread. Failures are <see cref="IOException"/>; the unfinished file is then removed.</remarks>
internal sealed class SnapshotWriter : Stream
{
    // Synced in steps, so that the log's own syncs do not have to wait for one huge one.
    private const long SyncStepBytes = 8 * 1024 * 1024;

    private readonly SnapshotStore _store;
    private readonly SnapshotMetadata _snapshot;
    private readonly string _temporary;
    private byte[]? _buffer;
    private IFile? _file;
    private int _used;
    private uint _checksum;
    private long _offset;
    private long _syncedOffset;
    private long _payloadBytes;
    private long _chunks;

    internal SnapshotWriter(SnapshotStore store, SnapshotMetadata snapshot, IFile file, string temporary)
    {
        _store = store;
        _snapshot = snapshot;
        _file = file;
        _temporary = temporary;
        _buffer = store.TakeBuffer();
        try
        {
            byte[] header = SnapshotFormat.EncodeHeader(snapshot, out _checksum);
            file.Write(header, 0);
            _offset = header.Length;
        }
        catch
        {
            Abort();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _payloadBytes + _used;

    /// <inheritdoc/>
    public override long Position { get => Length; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        while (!buffer.IsEmpty)
        {
            int count = Math.Min(buffer.Length, SnapshotFormat.MaxChunkBytes - _used);
            buffer[..count].CopyTo(_buffer.AsSpan(SnapshotFormat.ChunkHeaderBytes + _used));
            _used += count;
            buffer = buffer[count..];
            if (_used == SnapshotFormat.MaxChunkBytes)
                WriteChunk(_file);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
        // Chunks go out when they are full; only the commit makes anything of them.
    }

    /// <summary>Makes the snapshot durable and publishes it.</summary>
    /// <exception cref="IOException">It failed; the snapshot does not exist.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        if (_used > 0)
            WriteChunk(_file);

        Span<byte> footer = stackalloc byte[SnapshotFormat.FooterBytes];
        SnapshotFormat.WriteFooter(footer, _payloadBytes, _chunks, _checksum);
        _file.Write(footer, _offset);
        if (!Mutants.SnapshotUnsynced)
            _file.Sync();
        _file.Dispose();
        _file = null;
        try
        {
            _store.Publish(_temporary, _snapshot);
        }
        catch (IOException)
        {
            _store.TryDelete(_temporary);
            throw;
        }
    }

    /// <summary>Throws the snapshot away; disposing without a commit does the same.</summary>
    public void Abort()
    {
        if (_file is null)
            return;

        _file.Dispose();
        _file = null;
        _store.TryDelete(_temporary);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Abort();
            if (_buffer is not null)
                _store.ReturnBuffer(_buffer);

            _buffer = null;
        }

        base.Dispose(disposing);
    }

    private void WriteChunk(IFile file)
    {
        Span<byte> chunk = _buffer.AsSpan(0, SnapshotFormat.ChunkHeaderBytes + _used);
        _checksum = SnapshotFormat.ComputeChunkChecksum(_checksum, chunk[SnapshotFormat.ChunkHeaderBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(chunk, _used);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[4..], _checksum);
        file.Write(chunk, _offset);
        _offset += chunk.Length;
        _payloadBytes += _used;
        _chunks++;
        _used = 0;
        if (_offset - _syncedOffset >= SyncStepBytes)
        {
            file.Sync();
            _syncedOffset = _offset;
        }
    }
}
