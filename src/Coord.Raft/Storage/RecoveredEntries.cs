using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>The entries of a log while it is read: all that follow a snapshot, and a few before.</summary>
/// <remarks>
/// Always true: they follow each other without a gap, the first follows <see cref="Base"/>, and each owns a reference
/// on its block. What is dropped goes back to its pool, so that a log of any length is read within the same memory.
/// </remarks>
internal sealed class RecoveredEntries(LogTrail trail)
{
    private Entry[] _entries = new Entry[1024];
    private int _first;
    private int _count;
    private long _bytes;

    /// <summary>Gets the id before the first entry.</summary>
    public EntryId Base { get; private set; }

    /// <summary>Gets the entries.</summary>
    public ReadOnlyMemory<Entry> All => _entries.AsMemory(_first, _count);

    /// <summary>Says whether an entry would be dropped as soon as it is added, so that it need not be copied.</summary>
    public bool Skips(LogIndex index) => trail.MaxEntries == 0 && index <= trail.Covered;

    /// <summary>Adds the next entry.</summary>
    public void Add(in Entry entry)
    {
        Debug.Assert(entry.Index == Base.Index + _count + 1, "Entries follow each other.");
        if (_first + _count == _entries.Length)
            MakeRoom();

        _entries[_first + _count++] = entry;
        _bytes += entry.Payload.Length;
        if (entry.Index > trail.Covered)
            return;

        while (_count > trail.MaxEntries || _bytes > trail.MaxBytes)
            DropFirst();
    }

    /// <summary>Drops what follows an entry; of that and what was before nothing needs to be here.</summary>
    public void CutAfter(EntryId id)
    {
        long kept = Math.Clamp(id.Index - Base.Index, 0, _count);

        // Nobody else has seen these entries, so their memory can go at once.
        while (_count > kept)
        {
            ref Entry last = ref _entries[_first + --_count];
            _bytes -= last.Payload.Length;
            last.Block?.Release();
            last = default;
        }

        if (_count == 0)
            Base = id;
    }

    private void DropFirst()
    {
        ref Entry first = ref _entries[_first];
        Base = first.Id;
        _bytes -= first.Payload.Length;
        first.Block?.Release();
        first = default;
        _count--;
        _first = _count == 0 ? 0 : _first + 1;
    }

    private void MakeRoom()
    {
        Entry[] target = _first > _entries.Length / 2 ? _entries : new Entry[2 * _entries.Length];
        Array.Copy(_entries, _first, target, 0, _count);
        if (target == _entries)
            Array.Clear(_entries, _count, _entries.Length - _count);
        _entries = target;
        _first = 0;
    }
}
