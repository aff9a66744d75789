using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Coord.Kv.Commands;
using Coord.Kv.Leases;
using Coord.Kv.Mvcc.Native;
using Coord.Shared;
using MessagePack;

namespace Coord.Kv.Mvcc;

/// <summary>Writes a snapshot of a store: versions, changes, leases and more. See FORMAT.md. One thread.</summary>
internal sealed class SnapshotWriter
{
    private readonly Stream _destination;
    private readonly ArrayBufferWriter<byte> _block = new(SnapshotFormat.BlockTargetBytes + 4096);
    private SnapshotBlock _kind;
    private uint _crc;
    private long _versions;
    private long _changes;
    private long _leases;
    private long _alarms;
    private long _members;
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
        _crc = Crc32C.Append(0, header);
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

    public void Write(ReadOnlySpan<LeaseRecord> leases)
    {
        foreach (LeaseRecord lease in leases)
        {
            Span<byte> record = StartRecord(SnapshotBlock.Leases, SnapshotFormat.LeaseBytes);
            BinaryPrimitives.WriteInt64LittleEndian(record, lease.Id);
            BinaryPrimitives.WriteInt64LittleEndian(record[8..], lease.GrantedSeconds);
            BinaryPrimitives.WriteInt64LittleEndian(record[16..], lease.RemainingSeconds);
            BinaryPrimitives.WriteInt64LittleEndian(record[24..], lease.Stamp);
        }

        _leases += leases.Length;
    }

    public void Write(ReadOnlySpan<Alarm> alarms)
    {
        foreach (Alarm alarm in alarms)
        {
            Span<byte> record = StartRecord(SnapshotBlock.Alarms, SnapshotFormat.AlarmBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(record, alarm.Member.Value);
            record[8] = (byte)alarm.Kind;
        }

        _alarms += alarms.Length;
    }

    public void Write(ReadOnlySpan<MemberInfo> members)
    {
        ArrayBufferWriter<byte> bytes = new();
        foreach (MemberInfo member in members)
        {
            bytes.ResetWrittenCount();
            MessagePackWriter writer = new(bytes);
            MemberCodec.Write(ref writer, member);
            writer.Flush();
            Span<byte> record = StartRecord(SnapshotBlock.Members, sizeof(int) + bytes.WrittenCount);
            BinaryPrimitives.WriteInt32LittleEndian(record, bytes.WrittenCount);
            bytes.WrittenSpan.CopyTo(record[sizeof(int)..]);
        }

        _members += members.Length;
    }

    /// <summary>Ends the snapshot.</summary>
    /// <param name="lastLeaseStamp">The count of grants and renewals of leases.</param>
    public void End(long lastLeaseStamp = 0)
    {
        StartBlock(SnapshotBlock.End);
        Span<byte> payload = _block.GetSpan(SnapshotFormat.EndPayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload, _versions);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], _changes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], _usedBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[24..], _leases);
        BinaryPrimitives.WriteInt64LittleEndian(payload[32..], _alarms);
        BinaryPrimitives.WriteInt64LittleEndian(payload[40..], _members);
        BinaryPrimitives.WriteInt64LittleEndian(payload[48..], lastLeaseStamp);
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

    private Span<byte> StartRecord(SnapshotBlock kind, int bytes)
    {
        if (_kind != kind || _block.WrittenCount + bytes > SnapshotFormat.BlockTargetBytes)
            StartBlock(kind);

        Span<byte> record = _block.GetSpan(bytes)[..bytes];
        _block.Advance(bytes);
        return record;
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
        _crc = Crc32C.Append(Crc32C.Append(_crc, header), _block.WrittenSpan);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], _crc);
        _destination.Write(header);
        _destination.Write(_block.WrittenSpan);
    }
}
