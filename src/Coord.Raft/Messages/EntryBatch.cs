using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Coord.Raft.Messages;

/// <summary>The entries of one received message, in a pooled array.</summary>
/// <remarks>
/// A type of its own and not a bare pooled array, so that giving back the entries of a message tells those that were
/// received from those that belong to somebody's log. Used after <see cref="Return"/> it throws.
/// </remarks>
internal sealed class EntryBatch : MemoryManager<Entry>
{
    private const int MaxIdle = 256;
    private static readonly ConcurrentQueue<EntryBatch> Idle = new();

    private Entry[]? _entries;
    private int _count;

    private EntryBatch()
    {
    }

    /// <summary>Takes a batch whose entries are yet to be set.</summary>
    /// <param name="count">How many; positive.</param>
    public static EntryBatch Rent(int count)
    {
        Debug.Assert(count > 0, "A message without entries needs no batch.");
        if (!Idle.TryDequeue(out EntryBatch? batch))
            batch = new EntryBatch();

        batch._count = count;
        batch._entries = ArrayPool<Entry>.Shared.Rent(count);
        return batch;
    }

    /// <summary>Gives the array back; once.</summary>
    public void Return()
    {
        Entry[]? entries = Interlocked.Exchange(ref _entries, null);
        Debug.Assert(entries is not null, "A batch is returned once.");
        if (entries is null)
            return;

        // Cleared, or the array would keep blocks alive that nobody else needs.
        entries.AsSpan(0, _count).Clear();
        ArrayPool<Entry>.Shared.Return(entries);
        if (Idle.Count < MaxIdle)
            Idle.Enqueue(this);
    }

    /// <inheritdoc/>
    public override Span<Entry> GetSpan() =>
        (_entries ?? throw new ObjectDisposedException(nameof(EntryBatch))).AsSpan(0, _count);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Entries are not bytes.");

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override bool TryGetArray(out ArraySegment<Entry> segment)
    {
        segment = _entries is null ? default : new ArraySegment<Entry>(_entries, 0, _count);
        return _entries is not null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
