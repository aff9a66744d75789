namespace Coord.Raft.Storage;

/// <summary>A snapshot's file that is being received; it survives a restart.</summary>
internal sealed class SnapshotReceiver : IDisposable
{
    /// <summary>Gets the position of the next byte that is wanted.</summary>
    public long Offset => throw new NotSupportedException();

    /// <summary>Gets a value indicating whether all bytes are there.</summary>
    public bool IsComplete => throw new NotSupportedException();

    /// <summary>Takes bytes. What is there already is ignored.</summary>
    /// <returns>False if bytes are missing before these: ask again from <see cref="Offset"/>.</returns>
    public bool Write(long offset, ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    /// <summary>Checks the whole file and publishes it.</summary>
    /// <returns>The snapshot's metadata.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged. They are gone; receive them again.</exception>
    public SnapshotMetadata Complete() => throw new NotSupportedException();

    /// <summary>Closes the file; what was received stays for a later attempt.</summary>
    public void Dispose() => throw new NotSupportedException();
}
