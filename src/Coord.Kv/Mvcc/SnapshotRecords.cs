using System.Buffers;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>
/// Records copied out of the store under its lock, on their way into a snapshot. Owned by who writes it.
/// </summary>
internal sealed class SnapshotRecords
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public int Bytes => _bytes.WrittenCount;

    public int Count { get; private set; }

    /// <summary>Gets the records, one after the other.</summary>
    public ReadOnlySpan<byte> Span => _bytes.WrittenSpan;

    public void Add(KeyVersion version) => Add(SnapshotRecord.Of(version));

    public void Add(in SnapshotRecord record)
    {
        record.WriteTo(_bytes.GetSpan(record.Bytes));
        _bytes.Advance(record.Bytes);
        Count++;
    }

    public void Clear()
    {
        _bytes.ResetWrittenCount();
        Count = 0;
    }
}
