using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>Writes a snapshot of a store: header, versions, changes, end. See FORMAT.md. One thread.</summary>
internal sealed class SnapshotWriter
{
    private readonly Stream _destination;
    private readonly ArrayBufferWriter<byte> _block = new(SnapshotFormat.BlockTargetBytes + 4096);
    private SnapshotBlock _kind;
    private uint _crc;
    private long _versions;
    private long _changes;
    private long _usedBytes;

    public SnapshotWriter(Stream destination, long revision, long compactedRevision)
    {
        _destination = destination;
        Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
        header.Clear();
        SnapshotFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], SnapshotFormat.Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], revision);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], compactedRevision);
        _crc = SnapshotFormat.Crc(0, header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], _crc);
        _destination.Write(header);
    }

    /// <summary>Writes versions from before the retained changes, or retained changes.</summary>
    public void Write(SnapshotBlock kind, SnapshotRecords records)
    {
        ReadOnlySpan<byte> rest = records.Span;
        while (SnapshotRecord.TryRead(rest, out SnapshotRecord record))
        {
            WriteRecord(kind, record, rest[..record.Bytes]);
            rest = rest[record.Bytes..];
        }

        Debug.Assert(rest.IsEmpty, "What was copied is whole records.");
    }

    public void End()
    {
        StartBlock(SnapshotBlock.End);
        Span<byte> payload = _block.GetSpan(SnapshotFormat.EndPayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload, _versions);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], _changes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], _usedBytes);
        _block.Advance(SnapshotFormat.EndPayloadBytes);
        StartBlock(SnapshotBlock.None);
        _destination.Flush();
    }

    private void WriteRecord(SnapshotBlock kind, in SnapshotRecord record, ReadOnlySpan<byte> bytes)
    {
        if (_kind != kind || _block.WrittenCount + bytes.Length > SnapshotFormat.BlockTargetBytes)
            StartBlock(kind);

        _block.Write(bytes);
        _usedBytes += KeyVersion.CostOf(record.Key.Length, record.Value.Length);
        if (kind is SnapshotBlock.Versions)
            _versions++;
        else
            _changes++;
    }

    private void StartBlock(SnapshotBlock next)
    {
        if (_kind is not SnapshotBlock.None)
            FlushBlock();

        _kind = next;
        _block.ResetWrittenCount();
    }

    private void FlushBlock()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.BlockHeaderBytes];
        header.Clear();
        header[0] = (byte)_kind;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], _block.WrittenCount);
        _crc = SnapshotFormat.Crc(SnapshotFormat.Crc(_crc, header), _block.WrittenSpan);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], _crc);
        _destination.Write(header);
        _destination.Write(_block.WrittenSpan);
    }
}
