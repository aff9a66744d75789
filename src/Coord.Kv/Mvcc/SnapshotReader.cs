using System.Buffers;
using System.Buffers.Binary;

namespace Coord.Kv.Mvcc;

/// <summary>Reads a snapshot into a new store, or refuses it. See FORMAT.md. One thread.</summary>
internal sealed class SnapshotReader
{
    private readonly Stream _source;
    private byte[] _payload = ArrayPool<byte>.Shared.Rent(SnapshotFormat.BlockTargetBytes);
    private MvccStore _store = new();
    private byte[] _lastKey = [];
    private uint _crc;
    private long _versions;
    private long _changes;

    private SnapshotReader(Stream source) => _source = source;

    /// <summary>Reads a snapshot from its start to its end.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a whole and undamaged snapshot.</exception>
    public static MvccStore Read(Stream source)
    {
        SnapshotReader reader = new(source);
        try
        {
            reader.ReadAll();
            return reader._store;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The snapshot of the key-value store ends too early.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reader._payload);
        }
    }

    private static void Ensure(bool condition, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The snapshot of the key-value store cannot be read. {complaint}");
    }

    private void ReadAll()
    {
        ReadHeader();
        SnapshotBlock before = SnapshotBlock.Versions;
        while (true)
        {
            (SnapshotBlock kind, int length) = ReadBlock();
            Ensure(kind >= before, "Its blocks are not in order.");
            before = kind;
            ReadOnlySpan<byte> payload = _payload.AsSpan(0, length);
            if (kind is SnapshotBlock.End)
            {
                ReadEnd(payload);
                return;
            }

            Ensure(length > 0, "A block is empty.");
            while (!payload.IsEmpty)
                payload = ReadRecord(kind, payload);
        }
    }

    private void ReadHeader()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
        _source.ReadExactly(header);
        Ensure(header.StartsWith(SnapshotFormat.Magic), "It does not start as one.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        Ensure(version == SnapshotFormat.Version, $"Its version is {version}, not {SnapshotFormat.Version}.");
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        header[12..16].Clear();
        _crc = SnapshotFormat.Crc(0, header);
        Ensure(_crc == stored, "The checksum of its header is wrong.");
        _store = MvccStore.StartLoading(
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]), BinaryPrimitives.ReadInt64LittleEndian(header[24..]));
    }

    private (SnapshotBlock Kind, int Length) ReadBlock()
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.BlockHeaderBytes];
        _source.ReadExactly(header);
        SnapshotBlock kind = (SnapshotBlock)header[0];
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        Ensure(kind is >= SnapshotBlock.Versions and <= SnapshotBlock.End, "A block has no such kind.");
        Ensure(length is >= 0 and <= SnapshotFormat.MaxBlockBytes, "A block has an impossible length.");
        if (length > _payload.Length)
        {
            ArrayPool<byte>.Shared.Return(_payload);
            _payload = ArrayPool<byte>.Shared.Rent(length);
        }

        _source.ReadExactly(_payload, 0, length);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        header[8..12].Clear();
        _crc = SnapshotFormat.Crc(SnapshotFormat.Crc(_crc, header), _payload.AsSpan(0, length));
        Ensure(_crc == stored, "The checksum of a block is wrong.");
        return (kind, length);
    }

    private ReadOnlySpan<byte> ReadRecord(SnapshotBlock kind, ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length >= SnapshotFormat.RecordHeaderBytes, "A record is cut off.");
        bool isTombstone = payload[0] == 1;
        int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[1..]);
        int valueBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[5..]);
        long revision = BinaryPrimitives.ReadInt64LittleEndian(payload[9..]);
        Stamp stamp = new(revision, BinaryPrimitives.ReadInt32LittleEndian(payload[17..]));
        long createRevision = BinaryPrimitives.ReadInt64LittleEndian(payload[21..]);
        long version = BinaryPrimitives.ReadInt64LittleEndian(payload[29..]);
        Ensure(payload[0] <= 1 && keyBytes > 0 && valueBytes >= 0, "A record is impossible.");
        payload = payload[SnapshotFormat.RecordHeaderBytes..];
        Ensure((long)keyBytes + valueBytes <= payload.Length, "A record is cut off.");
        Ensure(!isTombstone || valueBytes == 0, "A deletion has a value.");

        ReadOnlySpan<byte> key = payload[..keyBytes];
        byte[]? value = isTombstone ? null : payload.Slice(keyBytes, valueBytes).ToArray();
        if (kind is SnapshotBlock.Versions)
        {
            Ensure(value is not null, "A deletion is among the versions.");
            _store.LoadBase(key, value!, stamp, createRevision, version, _lastKey);
            _lastKey = key.ToArray();
            _versions++;
        }
        else
        {
            _store.LoadChange(key, value, stamp, createRevision, version);
            _changes++;
        }

        return payload[(keyBytes + valueBytes)..];
    }

    private void ReadEnd(ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length == SnapshotFormat.EndPayloadBytes, "Its end has an impossible length.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload) == _versions, "Versions are missing.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[8..]) == _changes, "Changes are missing.");
        _store.EndLoading(BinaryPrimitives.ReadInt64LittleEndian(payload[16..]));
        Ensure(_source.ReadByte() < 0, "Something follows its end.");
    }
}
