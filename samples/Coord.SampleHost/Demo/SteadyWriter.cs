using System.Collections.Concurrent;
using Coord.Kv;
using Coord.Raft;

namespace Coord.SampleHost.Demo;

/// <summary>Writes at a steady pace, whatever becomes of each write, to see how long nobody is answered.</summary>
internal sealed class SteadyWriter : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private readonly IKeyValueStore _store;
    private readonly string _prefix;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<long> _acknowledgedAt = new();
    private readonly ConcurrentDictionary<string, byte> _acknowledged = new();
    private readonly Task _run;
    private int _refused;
    private int _unknown;

    public SteadyWriter(IKeyValueStore store, string prefix)
    {
        _store = store;
        _prefix = prefix;
        _run = RunAsync();
    }

    /// <summary>The keys whose writes were acknowledged.</summary>
    public ICollection<string> Acknowledged => _acknowledged.Keys;

    /// <summary>How many writes were said not to have happened.</summary>
    public int Refused => _refused;

    /// <summary>How many writes ended without anybody knowing whether they happened.</summary>
    public int Unknown => _unknown;

    /// <summary>Returns the longest time between two acknowledgements.</summary>
    public TimeSpan LongestSilence()
    {
        long[] times = [.. _acknowledgedAt.Order()];
        return times.Zip(times.Skip(1), (a, b) => TimeProvider.System.GetElapsedTime(a, b))
            .DefaultIfEmpty().Max();
    }

    /// <summary>Stops writing, and waiting too: of what is still on its way the outcome is unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<Task> writes = [];
        using PeriodicTimer timer = new(Pace);
        try
        {
            for (int i = 0; await timer.WaitForNextTickAsync(_stop.Token); i++)
                writes.Add(WriteAsync($"{_prefix}{i:00000}"));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(writes);
        }
    }

    private async Task WriteAsync(string key)
    {
        try
        {
            await _store.PutAsync(key, "x", _stop.Token);
            _acknowledgedAt.Enqueue(TimeProvider.System.GetTimestamp());
            _acknowledged[key] = 0;
        }
        catch (CoordException exception) when (exception.Outcome is Outcome.DidNotHappen)
        {
            Interlocked.Increment(ref _refused);
        }
        catch (Exception exception) when (exception is CoordException or OperationCanceledException)
        {
            Interlocked.Increment(ref _unknown);
        }
    }
}
