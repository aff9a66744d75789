namespace Coord.Kv;

/// <summary>
/// Many watches that share one reader. Watches are added and removed from any thread; one caller at a time reads.
/// </summary>
/// <remarks>
/// Events of one watch come in the order of revisions, each once, none left out, a revision never torn. A reader that
/// is slow costs the store no more than the bounds in <see cref="KeyValueOptions"/>: its watches catch up from history.
/// </remarks>
public sealed class WatchStream : IDisposable
{
    /// <summary>Adds a watch.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">From which revision on, and what to leave out; from now on if null.</param>
    /// <param name="id">The wanted id; zero to have the smallest free one chosen, zero included.</param>
    /// <param name="current">The store's revision at this moment.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentException">The id is in use, or the range can contain no key.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public long Add(KeyRange range, WatchOptions? options, long id, out Revision current) =>
        throw new NotSupportedException();

    /// <summary>Removes a watch; nothing of it is delivered after the return.</summary>
    /// <param name="id">Which watch.</param>
    /// <returns>False if there is no such watch.</returns>
    public bool Remove(long id) => throw new NotSupportedException();

    /// <summary>
    /// Asks for one <see cref="WatchNoticeKind.Progress"/> with the id -1, as soon as no watch of the stream is behind.
    /// </summary>
    public void RequestProgress() => throw new NotSupportedException();

    /// <summary>Waits for the next notice.</summary>
    /// <param name="cancellationToken">Gives up waiting; nothing is lost.</param>
    /// <returns>The notice, or null if the stream was disposed.</returns>
    /// <exception cref="Raft.CoordException">The member stopped.</exception>
    public ValueTask<WatchNotice?> ReadAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Ends all watches of the stream.</summary>
    public void Dispose()
    {
    }
}
