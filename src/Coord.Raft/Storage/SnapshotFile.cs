namespace Coord.Raft.Storage;

/// <summary>
/// A published snapshot's file, byte by byte, as it is sent to a peer. It stays readable when replaced.
/// </summary>
internal sealed class SnapshotFile(IFile file) : IDisposable
{
    /// <summary>Gets the size in bytes.</summary>
    public long Length { get; } = file.Length;

    /// <summary>Reads from a position; fewer bytes than asked for only at the end.</summary>
    public int Read(long offset, Span<byte> destination) => file.Read(destination, offset);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
