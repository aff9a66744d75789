using System.Diagnostics;

namespace Coord.Kv.Backup;

/// <summary>Writes one tree from its sorted entries: leaves as they fill, branches above them.</summary>
/// <remarks>Holds one page for each level, however many entries there are.</remarks>
internal sealed class BoltTreeWriter(BoltFileWriter file)
{
    private readonly List<BoltPageBuilder> _levels = [new(isLeaf: true)];
    private byte[] _lastKey = [];

    /// <summary>Adds an entry; keys come in ascending order.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, uint flags = 0)
    {
        Debug.Assert(key.SequenceCompareTo(_lastKey) > 0, "The keys of a tree come in order, each once.");
        Remember(key);
        if (!_levels[0].HasRoomFor(key.Length + value.Length))
            Flush(0);
        _levels[0].AddEntry(key, value, flags);
    }

    /// <summary>Writes what is left.</summary>
    /// <returns>The page of the root.</returns>
    public ulong End()
    {
        for (int level = 0; level < _levels.Count - 1; level++)
            Flush(level);
        return file.Append(_levels[^1]);
    }

    private void Flush(int level)
    {
        // A page is flushed only when something follows it, so every level but the topmost has something to flush.
        BoltPageBuilder full = _levels[level];
        ulong page = file.Append(full);
        if (level + 1 == _levels.Count)
            _levels.Add(new(isLeaf: false));
        if (!_levels[level + 1].HasRoomFor(full.FirstKey.Length))
            Flush(level + 1);
        _levels[level + 1].AddChild(full.FirstKey, page);
        full.Clear();
    }

    [Conditional("DEBUG")]
    private void Remember(ReadOnlySpan<byte> key) => _lastKey = key.ToArray();
}
