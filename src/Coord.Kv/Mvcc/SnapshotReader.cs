using System.Buffers;
using System.Buffers.Binary;
using Coord.Kv.Commands;
using Coord.Kv.Leases;
using Coord.Kv.Mvcc.Native;
using Coord.Shared;

namespace Coord.Kv.Mvcc;

/// <summary>Reads a snapshot into a new store, or refuses it. See FORMAT.md. One thread.</summary>
internal sealed class SnapshotReader
{
    private readonly Stream _source;
    private readonly StoreLayout _layout;
    private byte[] _payload = ArrayPool<byte>.Shared.Rent(SnapshotFormat.BlockTargetBytes);
    private readonly long _now;
    private KeyValueState? _state;
    private uint _version;
    private uint _crc;
    private long _versions;
    private long _changes;
    private long _leases;
    private long _alarms;
    private long _members;

    private SnapshotReader(Stream source, StoreLayout layout, long now)
    {
        _source = source;
        _layout = layout;
        _now = now;
    }

    /// <summary>Reads a snapshot from its start to its end.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a whole and undamaged snapshot.</exception>
    public static KeyValueState Read(Stream source, StoreLayout layout, long now)
    {
        SnapshotReader reader = new(source, layout, now);
        KeyValueState? read = null;
        try
        {
            return read = reader.ReadAll();
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The snapshot of the key-value store ends too early.", e);
        }
        finally
        {
            if (read is null)
                reader._state?.Store.Dispose();
            ArrayPool<byte>.Shared.Return(reader._payload);
        }
    }

    private static void Ensure(bool condition, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The snapshot of the key-value store cannot be read. {complaint}");
    }

    private KeyValueState ReadAll()
    {
        KeyValueState state = _state = new(ReadHeader());
        SnapshotBlock before = SnapshotBlock.Versions;
        while (true)
        {
            (SnapshotBlock kind, int length) = ReadBlock();
            Ensure(SnapshotFormat.PlaceOf(kind) >= SnapshotFormat.PlaceOf(before), "Its blocks are not in order.");
            before = kind;
            ReadOnlySpan<byte> payload = _payload.AsSpan(0, length);
            if (kind is SnapshotBlock.End)
            {
                ReadEnd(state, payload);
                return state;
            }

            Ensure(length > 0, "A block is empty.");
            while (!payload.IsEmpty)
                payload = ReadRecord(state, kind, payload);
        }
    }

    private MvccStore ReadHeader()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
        _source.ReadExactly(header);
        Ensure(header.StartsWith(SnapshotFormat.Magic), "It does not start as one.");
        _version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        Ensure(
            _version is SnapshotFormat.Version or SnapshotFormat.Version - 1,
            $"Its version is {_version}, not {SnapshotFormat.Version} or the one before.");
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        header[12..16].Clear();
        _crc = Crc32C.Append(0, header);
        Ensure(_crc == stored, "The checksum of its header is wrong.");
        return MvccStore.StartLoading(
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            _layout);
    }

    private (SnapshotBlock Kind, int Length) ReadBlock()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.BlockHeaderBytes];
        _source.ReadExactly(header);
        SnapshotBlock kind = (SnapshotBlock)header[0];
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        SnapshotBlock last = _version == 1 ? SnapshotBlock.End : SnapshotBlock.Members;
        Ensure(kind >= SnapshotBlock.Versions && kind <= last, "A block has no such kind.");
        Ensure(length is >= 0 and <= SnapshotFormat.MaxBlockBytes, "A block has an impossible length.");
        if (length > _payload.Length)
        {
            ArrayPool<byte>.Shared.Return(_payload);
            _payload = ArrayPool<byte>.Shared.Rent(length);
        }

        _source.ReadExactly(_payload, 0, length);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        header[8..12].Clear();
        _crc = Crc32C.Append(Crc32C.Append(_crc, header), _payload.AsSpan(0, length));
        Ensure(_crc == stored, "The checksum of a block is wrong.");
        return (kind, length);
    }

    private ReadOnlySpan<byte> ReadRecord(KeyValueState state, SnapshotBlock kind, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case SnapshotBlock.Leases:
                return ReadLease(state, payload);
            case SnapshotBlock.Alarms:
                return ReadAlarm(state, payload);
            case SnapshotBlock.Members:
                return ReadMember(state, payload);
        }

        bool isWhole = SnapshotRecord.TryRead(payload, out SnapshotRecord record, hasLease: _version > 1);
        Ensure(isWhole, "A record is cut off or impossible.");
        if (kind is SnapshotBlock.Versions)
        {
            state.Store.LoadBase(record);
            _versions++;
        }
        else
        {
            state.Store.LoadChange(record);
            _changes++;
        }

        return payload[record.BytesRead(_version > 1)..];
    }

    private ReadOnlySpan<byte> ReadLease(KeyValueState state, ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length >= SnapshotFormat.LeaseBytes, "A lease is cut off.");
        LeaseRecord lease = new(
            BinaryPrimitives.ReadInt64LittleEndian(payload),
            BinaryPrimitives.ReadInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[24..]));
        Ensure(state.Leases.TryLoad(lease, _now), "A lease is impossible, or there twice.");
        _leases++;
        return payload[SnapshotFormat.LeaseBytes..];
    }

    private ReadOnlySpan<byte> ReadAlarm(KeyValueState state, ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length >= SnapshotFormat.AlarmBytes, "An alarm is cut off.");
        Alarm alarm = new(new(BinaryPrimitives.ReadUInt64LittleEndian(payload)), (AlarmKind)payload[8]);
        Ensure(alarm.Kind <= AlarmKind.Corrupt && state.Alarms.Raise(alarm), "An alarm is impossible, or there twice.");
        _alarms++;
        return payload[SnapshotFormat.AlarmBytes..];
    }

    private ReadOnlySpan<byte> ReadMember(KeyValueState state, ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length >= sizeof(int), "A member is cut off.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(payload);
        payload = payload[sizeof(int)..];
        Ensure(length >= 0 && length <= payload.Length, "A member is cut off.");
        MemberInfo? member = MemberCodec.TryRead(payload[..length].ToArray());
        Ensure(member is not null, "A member is impossible.");
        state.Members.Publish(member!);
        _members++;
        return payload[length..];
    }

    private void ReadEnd(KeyValueState state, ReadOnlySpan<byte> payload)
    {
        int expected = _version == 1 ? SnapshotFormat.EndPayloadBytesOfVersion1 : SnapshotFormat.EndPayloadBytes;
        Ensure(payload.Length == expected, "Its end has an impossible length.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload) == _versions, "Versions are missing.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[8..]) == _changes, "Changes are missing.");
        state.Store.EndLoading(BinaryPrimitives.ReadInt64LittleEndian(payload[16..]));
        if (_version > 1)
        {
            Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[24..]) == _leases, "Leases are missing.");
            Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[32..]) == _alarms, "Alarms are missing.");
            Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[40..]) == _members, "Members are missing.");
            bool fits = state.Leases.TryEndLoading(BinaryPrimitives.ReadInt64LittleEndian(payload[48..]));
            Ensure(fits, "Leases are newer than their count.");
        }

        state.Store.AttachAll(state.Leases);
        Ensure(_source.ReadByte() < 0, "Something follows its end.");
    }
}
