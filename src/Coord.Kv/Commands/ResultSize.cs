using System.Runtime.InteropServices;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Commands;

/// <summary>
/// Counts how large the answer of a command can become, before the command is done. Owned by who applies.
/// </summary>
/// <remarks>
/// An answer that no message can carry would leave its caller without one; one that no array can hold would stop every
/// member, and again at each start. What it counts depends on state and command alone: the members refuse alike.
/// </remarks>
internal sealed class ResultSize
{
    /// <summary>The bound, with room for what the messages between members have besides.</summary>
    public const long MaxBytes = 15 * 1024 * 1024;

    /// <summary>What a version takes besides its key and value, and an operation besides its versions.</summary>
    public const int OverheadBytes = 64;

    /// <summary>How many puts a read is compared with; where there are more, each read counts all of them.</summary>
    private const int MaxPutsCompared = 256;

    private static readonly GetOptions Plain = new();

    private readonly List<(ReadOnlyMemory<byte> Key, long Bytes)> _puts = [];
    private long _putBytes;

    /// <summary>Gets what was counted, at least up to the bound.</summary>
    public long Bytes { get; private set; }

    public bool IsTooLarge => Bytes > MaxBytes;

    public void Clear()
    {
        _puts.Clear();
        _putBytes = Bytes = 0;
    }

    /// <summary>Counts a version that is answered with.</summary>
    public void AddVersion(int keyBytes, int valueBytes) => Bytes += OverheadBytes + (long)keyBytes + valueBytes;

    /// <summary>Takes note of a put: what reads after it will see.</summary>
    public void NotePut(ReadOnlyMemory<byte> key, int valueBytes)
    {
        long bytes = OverheadBytes + (long)key.Length + valueBytes;
        _puts.Add((key, bytes));
        _putBytes += bytes;
    }

    /// <summary>Counts a read, or (without options) a deletion that returns what it deletes.</summary>
    public void AddRead(MvccStore store, KeyRange range, GetOptions? options)
    {
        options ??= Plain;
        bool isPast = options.Revision.Value > 0;
        long revision = isPast ? options.Revision.Value : store.Revision;
        Bytes += OverheadBytes + store.Measure(range, revision, options, MaxBytes - Bytes);
        if (!isPast && !options.CountOnly)
            Bytes += PutBytesIn(range);
    }

    private long PutBytesIn(KeyRange range)
    {
        if (_puts.Count > MaxPutsCompared)
            return _putBytes;

        long bytes = 0;
        foreach ((ReadOnlyMemory<byte> key, long put) in CollectionsMarshal.AsSpan(_puts))
            bytes += range.Contains(key.Span) ? put : 0;
        return bytes;
    }
}
