using System.Buffers;
using System.Buffers.Binary;

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

    public void WriteVersion(KeyVersion version)
    {
        WriteRecord(SnapshotBlock.Versions, version);
        _versions++;
    }

    public void WriteChange(KeyVersion change)
    {
        WriteRecord(SnapshotBlock.Changes, change);
        _changes++;
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

    private void WriteRecord(SnapshotBlock kind, KeyVersion version)
    {
        int size = SnapshotFormat.RecordHeaderBytes + version.Key.Length + version.Value.Length;
        if (_kind != kind || _block.WrittenCount + size > SnapshotFormat.BlockTargetBytes)
            StartBlock(kind);

        Span<byte> record = _block.GetSpan(size)[..size];
        record[0] = version.IsTombstone ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(record[1..], version.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[5..], version.Value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(record[9..], version.Stamp.Revision);
        BinaryPrimitives.WriteInt32LittleEndian(record[17..], version.Stamp.Sub);
        BinaryPrimitives.WriteInt64LittleEndian(record[21..], version.CreateRevision);
        BinaryPrimitives.WriteInt64LittleEndian(record[29..], version.Version);
        version.Key.CopyTo(record[SnapshotFormat.RecordHeaderBytes..]);
        version.Value.CopyTo(record[(SnapshotFormat.RecordHeaderBytes + version.Key.Length)..]);
        _block.Advance(size);
        _usedBytes += version.Cost;
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
