using System.Collections.Concurrent;
using System.Globalization;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Cli.Commands;

/// <summary>The writes of a check: new keys under a prefix, by many clients, and how long each took.</summary>
public sealed class CheckWrites(IKeyValueStore store, string prefix, int keyDigits, int valueBytes)
{
    private readonly ConcurrentQueue<double> _seconds = new();
    private readonly ConcurrentDictionary<string, int> _errors = new();
    private long _next;

    /// <summary>Gets the errors, and how often each came.</summary>
    public IReadOnlyDictionary<string, int> Errors => _errors;

    /// <summary>Gets how long each write took that was done, the shortest first.</summary>
    public double[] Seconds() => [.. _seconds.Order()];

    /// <summary>Writes until there are enough, or the time is over.</summary>
    /// <param name="clients">How many at once.</param>
    /// <param name="perSecond">How many begin in a second at most; as fast as it goes if null.</param>
    /// <param name="count">How many in all.</param>
    /// <param name="cancellationToken">The time is over.</param>
    public Task RunAsync(int clients, int? perSecond, long count, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ClientAsync()));

        async Task ClientAsync()
        {
            while (Interlocked.Increment(ref _next) - 1 is var number && number < count)
            {
                try
                {
                    TimeSpan due = TimeSpan.FromSeconds(perSecond is { } rate ? number / (double)rate : 0);
                    if (due - TimeProvider.System.GetElapsedTime(start) is var wait && wait > TimeSpan.Zero)
                        await Task.Delay(wait, TimeProvider.System, cancellationToken);
                    cancellationToken.ThrowIfCancellationRequested();
                    await WriteAsync(number);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    private async Task WriteAsync(long number)
    {
        string key = prefix + number.ToString($"D{keyDigits}", CultureInfo.InvariantCulture);
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            // What has begun is waited for: it counts as much as the others.
            await store.PutAsync(Context.Bytes(key), new byte[valueBytes]);
            _seconds.Enqueue(TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        }
        catch (CoordException exception)
        {
            _errors.AddOrUpdate(exception.Message, 1, (_, times) => times + 1);
        }
    }
}
