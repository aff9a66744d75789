using System.Buffers.Binary;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>Takes a snapshot of the state machine as it is written, and hands out what it holds.</summary>
/// <remarks>
/// The backup's source is whatever the state machine writes into a snapshot, so it needs to know nothing of how the
/// store keeps it, and captures the store as every snapshot does: pinned, in short steps beside ongoing commands.
/// Never holds more than a block.
/// </remarks>
internal sealed class BackupFeed(BackupWriter writer) : Stream
{
    private byte[] _buffer = new byte[SnapshotFormat.BlockTargetBytes];
    private int _have;
    private int _need = SnapshotFormat.HeaderBytes;
    private SnapshotBlock _block;
    private State _state;

    private enum State
    {
        Header,
        BlockHeader,
        Block,
        End,
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gets a value indicating whether the snapshot came to its end.</summary>
    public bool IsWhole => _state is State.End;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_state is State.End)
                throw new InvalidDataException("Something follows the end of the snapshot.");
            if (_need > _buffer.Length)
                Array.Resize(ref _buffer, _need);

            int count = Math.Min(buffer.Length, _need - _have);
            buffer[..count].CopyTo(_buffer.AsSpan(_have));
            _have += count;
            buffer = buffer[count..];
            if (_have == _need)
                Advance(_buffer.AsSpan(0, _have));
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void Advance(ReadOnlySpan<byte> bytes)
    {
        switch (_state)
        {
            case State.Header:
                writer.Begin(
                    BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
                    BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]));
                Expect(State.BlockHeader, SnapshotFormat.BlockHeaderBytes);
                break;
            case State.BlockHeader:
                _block = (SnapshotBlock)bytes[0];
                Expect(State.Block, BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
                break;
            default:
                Take(bytes);
                if (_block is SnapshotBlock.End)
                    Expect(State.End, 0);
                else
                    Expect(State.BlockHeader, SnapshotFormat.BlockHeaderBytes);
                break;
        }
    }

    private void Expect(State state, int bytes)
    {
        (_state, _need, _have) = (state, bytes, 0);
        if (state is State.Block && bytes == 0)
            Advance(default);
    }

    private void Take(ReadOnlySpan<byte> block)
    {
        if (_block is SnapshotBlock.Leases)
        {
            for (; !block.IsEmpty; block = block[SnapshotFormat.LeaseBytes..])
            {
                writer.AddLease(
                    BinaryPrimitives.ReadInt64LittleEndian(block), BinaryPrimitives.ReadInt64LittleEndian(block[8..]));
            }
        }

        // Alarms and members are the cluster's, and the backup is to become another one.
        if (_block is not (SnapshotBlock.Versions or SnapshotBlock.Changes))
            return;

        while (SnapshotRecord.TryRead(block, out SnapshotRecord record))
        {
            if (_block is SnapshotBlock.Versions)
                writer.AddVersion(record);
            else
                writer.AddChange(record);
            block = block[record.Bytes..];
        }
    }
}
