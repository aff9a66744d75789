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
    public LogCorruptedException(string file, long offset, string reason)
        : base($"{file} is damaged at offset {offset}: {reason}", Outcome.Unknown)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>Gets the damaged file.</summary>
    public string File { get; }

    /// <summary>Gets where in the file the damage starts, in bytes.</summary>
    public long Offset { get; }
}
