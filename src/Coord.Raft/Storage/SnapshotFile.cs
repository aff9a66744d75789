namespace Coord.Raft.Storage;

/// <summary>A published snapshot's file, byte by byte, as it is sent to a peer.</summary>
internal sealed class SnapshotFile : IDisposable
{
    /// <summary>Gets the size in bytes.</summary>
    public long Length => throw new NotSupportedException();

    /// <summary>Reads from a position; fewer bytes than asked for only at the end.</summary>
    public int Read(long offset, Span<byte> destination) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotSupportedException();
}
