using System.Buffers.Binary;
using Coord.Kv.Mvcc.Native;
using Coord.Shared;

namespace Coord.Kv.Mvcc;

/// <summary>
/// A checksum over the versions of all keys up to a revision, made in bounded steps. Owned by the thread that asks.
/// </summary>
/// <remarks>
/// What compaction has taken, or may take at any time, does not count: of each key the newest version at or below the
/// compacted revision does, unless it is a deletion, and everything above. So members agree however far each of them
/// has come in freeing memory.
/// </remarks>
internal sealed class StoreHash(long revision, long compactedRevision)
{
    private const int HeadBytes = 49;

    private byte[] _position = [];

    public uint Value { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>Gets how many bytes this step went over.</summary>
    public long StepBytes { get; private set; }

    /// <summary>Gets the first key that was not looked at yet.</summary>
    public ReadOnlySpan<byte> Position => _position;

    public void Add(KeyHistory history)
    {
        for (KeyVersion? next = history.Newest; next is { } version; next = version.Previous)
        {
            if (version.Stamp.Revision > revision)
                continue;

            bool isLast = version.Stamp.Revision <= compactedRevision;
            if (!isLast || !version.IsTombstone)
                Add(version);
            if (isLast)
                return;
        }
    }

    public void PauseAt(ReadOnlySpan<byte> key)
    {
        _position = key.ToArray();
        StepBytes = 0;
    }

    public void Finish() => IsDone = true;

    private void Add(KeyVersion version)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, version.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], version.Value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], version.Stamp.Revision);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], version.Stamp.Sub);
        BinaryPrimitives.WriteInt64LittleEndian(head[24..], version.CreateRevision);
        BinaryPrimitives.WriteInt64LittleEndian(head[32..], version.Version);
        BinaryPrimitives.WriteInt64LittleEndian(head[40..], version.Lease);
        head[48] = version.IsTombstone ? (byte)1 : (byte)0;
        uint crc = Crc32C.Append(Value, head);
        Value = Crc32C.Append(Crc32C.Append(crc, version.Key), version.Value);
        StepBytes += HeadBytes + version.Key.Length + version.Value.Length;
    }
}
