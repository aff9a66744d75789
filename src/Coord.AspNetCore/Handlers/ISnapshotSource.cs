namespace Coord.AspNetCore.Handlers;

/// <summary>Where the bytes of a snapshot for clients come from.</summary>
internal interface ISnapshotSource
{
    /// <summary>Captures the store as it is now, as a file that etcd's tools can read.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The bytes, from the beginning, with a known length; the caller disposes the stream.</returns>
    Task<Stream> OpenAsync(CancellationToken cancellationToken);
}
