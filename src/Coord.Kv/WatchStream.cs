using Coord.Kv.Watches;

namespace Coord.Kv;

/// <summary>
/// Many watches that share one reader. Watches are added and removed from any thread; one caller at a time reads.
/// </summary>
/// <remarks>
/// Events of one watch come in the order of revisions, each once, none left out, a revision never torn. A reader that
/// is slow costs the store no more than the bounds in <see cref="KeyValueOptions"/>: its watches catch up from history.
/// A watch with <see cref="WatchOptions.RequireLeader"/> ends the whole stream when the leader is lost.
/// </remarks>
public sealed class WatchStream : IDisposable
{
    private static readonly WatchOptions DefaultOptions = new();

    private readonly KeyValueStateMachine _stateMachine;
    private readonly WatchChannel _channel;
    private int _isDisposed;

    internal WatchStream(KeyValueStateMachine stateMachine)
    {
        _stateMachine = stateMachine;
        _channel = stateMachine.OpenChannel();
    }

    /// <summary>Gets what waits for the reader, in bytes.</summary>
    internal long BufferedBytes => _channel.BufferedBytes;

    /// <summary>Adds a watch.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">From which revision on, and what to leave out; from now on if null.</param>
    /// <param name="id">The wanted id; zero to have the smallest free one chosen, zero included.</param>
    /// <param name="current">The store's revision at this moment.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentException">The id is in use, or the range can contain no key.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public long Add(KeyRange range, WatchOptions? options, long id, out Revision current) =>
        AddWatcher(range, options, id, out current).Id;

    /// <summary>Removes a watch; nothing of it is delivered after the return.</summary>
    /// <param name="id">Which watch.</param>
    /// <returns>False if there is no such watch.</returns>
    public bool Remove(long id) => _stateMachine.RemoveWatch(_channel, id);

    /// <summary>
    /// Asks for one <see cref="WatchNoticeKind.Progress"/> with the id -1, as soon as no watch of the stream is behind.
    /// </summary>
    /// <remarks>It says how far the store was at this call; every event up to there comes before it.</remarks>
    public void RequestProgress() => _stateMachine.RequestProgress(_channel);

    /// <summary>Waits for the next notice.</summary>
    /// <param name="cancellationToken">Gives up waiting; nothing is lost.</param>
    /// <returns>The notice, or null if the stream was disposed.</returns>
    /// <exception cref="Raft.CoordException">The member stopped, or a watch required a leader and lost it.</exception>
    /// <exception cref="ObjectDisposedException">The store was stopped.</exception>
    public async ValueTask<WatchNotice?> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (Volatile.Read(ref _isDisposed) == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(out WatchNotice? notice, out Task? wait);
            if (notice is not null)
                return notice;
            if (wait is not null)
                await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Waits until there is a notice, and takes as many as there are.</summary>
    /// <param name="notices">Takes them; at most as many as fit.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing is lost.</param>
    /// <returns>How many there are, or zero if the stream was disposed.</returns>
    /// <exception cref="ArgumentException">Nothing fits.</exception>
    /// <exception cref="Raft.CoordException">The member stopped, or a watch required a leader and lost it.</exception>
    /// <exception cref="ObjectDisposedException">The store was stopped.</exception>
    /// <remarks>
    /// Much cheaper than one at a time where many watches see the same changes. Notices of watches for which the same
    /// single change waited share their <see cref="WatchNotice.Events"/>: who encodes them can do it once.
    /// </remarks>
    public async ValueTask<int> ReadManyAsync(
        Memory<WatchNotice> notices, CancellationToken cancellationToken = default)
    {
        if (notices.IsEmpty)
            throw new ArgumentException("There is no room for a notice.", nameof(notices));

        while (Volatile.Read(ref _isDisposed) == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Step(notices.Span, out Task? wait);
            if (count > 0)
                return count;
            if (wait is not null)
                await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return 0;
    }

    /// <summary>Ends all watches of the stream.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _stateMachine.CloseChannel(_channel);
    }

    internal Watcher AddWatcher(KeyRange range, WatchOptions? options, long id, out Revision current)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) == 1, this);
        if (range.Key.IsEmpty || range.IsEmpty)
            throw new ArgumentException("The range can contain no key: its end is not above its start.", nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(options?.StartRevision.Value ?? 0, nameof(options));
        return _stateMachine.AddWatch(_channel, range, options ?? DefaultOptions, id, out current);
    }

    /// <summary>Reads up to one notice: there is one, something to wait for, or neither.</summary>
    internal void Step(out WatchNotice? notice, out Task? wait)
    {
        WatchNotice one = null!;
        int count = Step(new Span<WatchNotice>(ref one), out wait);
        notice = count > 0 ? one : null;
    }

    /// <summary>Reads the notices that are there: there are some, something to wait for, or neither.</summary>
    internal int Step(Span<WatchNotice> notices, out Task? wait) =>
        _stateMachine.ReadChannel(_channel, notices, out wait);
}
