using System.Buffers;
using System.Buffers.Binary;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>Reads a snapshot into a new store, or refuses it. See FORMAT.md. One thread.</summary>
internal sealed class SnapshotReader
{
    private readonly Stream _source;
    private readonly StoreLayout _layout;
    private byte[] _payload = ArrayPool<byte>.Shared.Rent(SnapshotFormat.BlockTargetBytes);
    private MvccStore? _store;
    private uint _crc;
    private long _versions;
    private long _changes;

    private SnapshotReader(Stream source, StoreLayout layout)
    {
        _source = source;
        _layout = layout;
    }

    /// <summary>Reads a snapshot from its start to its end.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a whole and undamaged snapshot.</exception>
    public static MvccStore Read(Stream source, StoreLayout layout)
    {
        SnapshotReader reader = new(source, layout);
        MvccStore? read = null;
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
                reader._store?.Dispose();
            ArrayPool<byte>.Shared.Return(reader._payload);
        }
    }

    private static void Ensure(bool condition, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The snapshot of the key-value store cannot be read. {complaint}");
    }

    private MvccStore ReadAll()
    {
        MvccStore store = _store = ReadHeader();
        SnapshotBlock before = SnapshotBlock.Versions;
        while (true)
        {
            (SnapshotBlock kind, int length) = ReadBlock();
            Ensure(kind >= before, "Its blocks are not in order.");
            before = kind;
            ReadOnlySpan<byte> payload = _payload.AsSpan(0, length);
            if (kind is SnapshotBlock.End)
            {
                ReadEnd(store, payload);
                return store;
            }

            Ensure(length > 0, "A block is empty.");
            while (!payload.IsEmpty)
                payload = ReadRecord(store, kind, payload);
        }
    }

    private MvccStore ReadHeader()
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

    private ReadOnlySpan<byte> ReadRecord(MvccStore store, SnapshotBlock kind, ReadOnlySpan<byte> payload)
    {
        Ensure(SnapshotRecord.TryRead(payload, out SnapshotRecord record), "A record is cut off or impossible.");
        if (kind is SnapshotBlock.Versions)
        {
            store.LoadBase(record);
            _versions++;
        }
        else
        {
            store.LoadChange(record);
            _changes++;
        }

        return payload[record.Bytes..];
    }

    private void ReadEnd(MvccStore store, ReadOnlySpan<byte> payload)
    {
        Ensure(payload.Length == SnapshotFormat.EndPayloadBytes, "Its end has an impossible length.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload) == _versions, "Versions are missing.");
        Ensure(BinaryPrimitives.ReadInt64LittleEndian(payload[8..]) == _changes, "Changes are missing.");
        store.EndLoading(BinaryPrimitives.ReadInt64LittleEndian(payload[16..]));
        Ensure(_source.ReadByte() < 0, "Something follows its end.");
    }
}
