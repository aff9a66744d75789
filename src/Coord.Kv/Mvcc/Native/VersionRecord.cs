using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// A version of a key in an arena: this head, what its shape says that it has, then the bytes of the value.
/// </summary>
/// <remarks>
/// <code>
/// offset  size  field
///      0    32  the head
///     32    24  create revision, version, lease; absent if the version is the first of a key without a lease
///      .  24 n  n skips: where a version further back is, and its stamp; see VersionChain
///      .     .  value
/// </code>
/// </remarks>
internal unsafe struct VersionRecord
{
    public const int HeadBytes = 32;
    public const int OriginBytes = 24;
    public const int MaxValueBytes = (1 << SkipsShift) - 1;

    private const int SkipsShift = 26;
    private const uint OriginFlag = 1u << 30;
    private const uint TombstoneFlag = 1u << 31;

    public KeyRecord* Key;
    public VersionRecord* Previous;
    public long Revision;
    public int Sub;

    /// <summary>The length of the value in 26 bits, the number of skips in 4, and two flags.</summary>
    private uint _shape;

    public readonly int ValueBytes => (int)(_shape & MaxValueBytes);

    public readonly int Skips => (int)(_shape >> SkipsShift) & 15;

    public readonly bool HasOrigin => (_shape & OriginFlag) != 0;

    public readonly bool IsTombstone => (_shape & TombstoneFlag) != 0;

    public readonly Stamp Stamp => new(Revision, Sub);

    public readonly int ValueOffset => HeadBytes + (HasOrigin ? OriginBytes : 0) + (Skips * sizeof(Skip));

    public readonly int Bytes => ValueOffset + ValueBytes;

    public static int SizeOf(bool hasOrigin, int skips, int valueBytes) =>
        HeadBytes + (hasOrigin ? OriginBytes : 0) + (skips * sizeof(Skip)) + valueBytes;

    public static Origin* OriginOf(VersionRecord* record)
    {
        Debug.Assert(record->HasOrigin, "What is absent is not read.");
        return (Origin*)((byte*)record + HeadBytes);
    }

    public static Span<Skip> SkipsOf(VersionRecord* record) =>
        new((byte*)record + HeadBytes + (record->HasOrigin ? OriginBytes : 0), record->Skips);

    public static Span<byte> ValueOf(VersionRecord* record) =>
        new((byte*)record + record->ValueOffset, record->ValueBytes);

    public void SetShape(bool hasOrigin, bool isTombstone, int skips, int valueBytes)
    {
        Debug.Assert(valueBytes is >= 0 and <= MaxValueBytes, "A value's length has its bits.");
        Debug.Assert(skips is >= 0 and < 16, "The number of skips has its bits.");
        _shape = (uint)valueBytes | ((uint)skips << SkipsShift)
            | (hasOrigin ? OriginFlag : 0) | (isTombstone ? TombstoneFlag : 0);
    }

    /// <summary>Where a version comes from, if it is not simply new.</summary>
    internal struct Origin
    {
        public long CreateRevision;
        public long Version;
        public long Lease;
    }

    /// <summary>
    /// A version further back in the chain. Its stamp tells without a look whether it can still be there.
    /// </summary>
    internal struct Skip
    {
        public VersionRecord* Target;
        public long Revision;
        public int Sub;

        public readonly Stamp Stamp => new(Revision, Sub);
    }
}
