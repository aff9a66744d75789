using System.Runtime.CompilerServices;
using Coord.Client.Calls;
using Coord.Client.Streams;
using Coord.Kv;

namespace Coord.Client;

public sealed partial class CoordClient
{
    private static readonly WatchOptions DefaultWatch = new();

    /// <inheritdoc/>
    /// <remarks>A watch from "now" on is open from this call on: enumerate it, or cancel its token.</remarks>
    public IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range, WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultWatch;
        Requests.ThrowIfNoKey(range);
        if (range.IsEmpty)
            throw new ArgumentException("The range can contain no key: its end is not above its start.", nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(options.StartRevision.Value, nameof(options));

        KeyRange copy = new(range.Key.ToArray(), range.RangeEnd.ToArray());
        Subscription first = Subscribe(copy, options);
        if (options.StartRevision.IsZero && !cancellationToken.IsCancellationRequested)
        {
            _watches.Add(first);
            CancellationTokenRegistration registration =
                cancellationToken.UnsafeRegister(_ => _watches.Remove(first), null);
            return RunWatchAsync(new(first, registration), cancellationToken);
        }

        return RunWatchAsync(new(first, null), cancellationToken);
    }

    private Subscription Subscribe(KeyRange range, WatchOptions options) =>
        new(range, options, options.StartRevision.IsZero ? Volatile.Read(ref _lastSeen) : 0);

    private async IAsyncEnumerable<WatchBatch> RunWatchAsync(
        Opening opening, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Subscription subscription;
        if (opening.Take())
        {
            subscription = opening.First;
            if (opening.Registration is { } registration)
                await registration.DisposeAsync().ConfigureAwait(false);
            else
                _watches.Add(subscription);
        }
        else
        {
            // Enumerated once more: from the same revision on.
            KeyRange range = opening.First.Range;
            subscription = new(range, opening.First.Options, opening.First.Floor) { Next = opening.First.Start };
            _watches.Add(subscription);
        }

        try
        {
            while (true)
                yield return await _watches.ReadAsync(subscription, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _watches.Remove(subscription);
        }
    }

    /// <summary>The watch that a call opened, to be taken by the first enumeration.</summary>
    private sealed class Opening(Subscription first, CancellationTokenRegistration? registration)
    {
        private int _taken;

        public Subscription First { get; } = first;

        public CancellationTokenRegistration? Registration { get; } = registration;

        public bool Take() => Interlocked.Exchange(ref _taken, 1) == 0;
    }
}
