namespace Coord.Kv.Mvcc.Native;

/// <summary>A key in an arena: this head, then the bytes of the key.</summary>
internal unsafe struct KeyRecord
{
    public const int HeadBytes = 16;

    /// <summary>The newest version, a tombstone included; null while there is none.</summary>
    public VersionRecord* Newest;
    public int KeyBytes;

    /// <summary>How many versions were ever added: the place of the next one in the chain.</summary>
    public uint Added;

    public readonly int Bytes => HeadBytes + KeyBytes;

    public static ReadOnlySpan<byte> KeyOf(KeyRecord* record) =>
        new((byte*)record + HeadBytes, record->KeyBytes);

    public static KeyRecord* Create(NativeArena arena, ReadOnlySpan<byte> key)
    {
        KeyRecord* record = (KeyRecord*)arena.Allocate(HeadBytes + key.Length);
        *record = new KeyRecord { KeyBytes = key.Length };
        key.CopyTo(new Span<byte>((byte*)record + HeadBytes, key.Length));
        return record;
    }
}
