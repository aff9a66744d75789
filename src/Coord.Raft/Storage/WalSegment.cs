using System.Globalization;

namespace Coord.Raft.Storage;

/// <summary>What is known of one segment that holds records.</summary>
internal sealed class WalSegment(ulong epoch, string path, EntryId baseIfOldest)
{
    /// <summary>The end of the name of a segment's file.</summary>
    public const string Suffix = ".wal";

    /// <summary>Gets the segment's place in the sequence.</summary>
    public ulong Epoch { get; } = epoch;

    /// <summary>Gets the file.</summary>
    public string Path { get; } = path;

    /// <summary>Gets or sets what the log's base is once all older segments are gone.</summary>
    public EntryId BaseIfOldest { get; set; } = baseIfOldest;

    /// <summary>
    /// Gets or sets the highest index of an entry in here that still counts: neither cut off nor void by a reset.
    /// </summary>
    public LogIndex HighestLive { get; set; }

    /// <summary>Returns the name of a segment's file.</summary>
    public static string NameOf(ulong epoch) => $"{epoch:x16}{Suffix}";

    /// <summary>Reads the name of a segment's file; null if it is the name of something else.</summary>
    public static ulong? TryParseName(string name) =>
        name.Length == 16 + Suffix.Length
        && name.EndsWith(Suffix, StringComparison.Ordinal)
        && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, null, out ulong epoch)
            ? epoch
            : null;
}
