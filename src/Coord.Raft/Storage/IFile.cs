namespace Coord.Raft.Storage;

/// <summary>An open file. All failures are <see cref="IOException"/>. Used by one thread at a time.</summary>
internal interface IFile : IDisposable
{
    /// <summary>Gets the size in bytes.</summary>
    long Length { get; }

    /// <summary>Reads from a position.</summary>
    /// <returns>How many bytes were read: fewer than asked for only at the end of the file.</returns>
    int Read(Span<byte> destination, long offset);

    /// <summary>
    /// Writes at a position: everything, or it fails. Durable after <see cref="Sync"/>, or at once if the file was
    /// opened with <see cref="SyncStrategy.WriteThrough"/>.
    /// </summary>
    void Write(ReadOnlySpan<byte> source, long offset);

    /// <summary>
    /// Makes durable what was written. After a failure nobody knows what is on disk, and trying again would report
    /// success for bytes that are lost: the caller gives the file up.
    /// </summary>
    void Sync();

    /// <summary>
    /// Extends the file to a size with zeros that are really written, so that overwriting them changes no metadata.
    /// </summary>
    void ZeroFill(long length);
}
