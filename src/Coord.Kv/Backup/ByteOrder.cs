namespace Coord.Kv.Backup;

/// <summary>Orders byte strings as memory does: by their first difference, then by length.</summary>
internal sealed class ByteOrder : IComparer<byte[]>
{
    public static readonly ByteOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}
