namespace Coord.Raft;

/// <summary>
/// Bytes that were once durable are damaged. Nothing was deleted; restore the file or replace the member.
/// </summary>
public sealed class LogCorruptedException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The damaged file.</param>
    /// <param name="offset">Where in the file the damage starts, in bytes.</param>
    /// <param name="reason">What is wrong, as a sentence.</param>
    /// <param name="entry">The damaged entry, if its id can still be read.</param>
    public LogCorruptedException(string file, long offset, string reason, EntryId? entry = null)
        : base($"{file} is damaged at offset {offset}: {reason}", Outcome.Unknown)
    {
        File = file;
        Offset = offset;
        Entry = entry;
    }

    /// <summary>Gets the damaged file.</summary>
    public string File { get; }

    /// <summary>Gets where in the file the damage starts, in bytes.</summary>
    public long Offset { get; }

    /// <summary>Gets the damaged entry, or null if its id cannot be read any more.</summary>
    public EntryId? Entry { get; }
}
