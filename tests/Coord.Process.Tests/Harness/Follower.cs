namespace Coord.Process.Tests.Harness;

/// <summary>A client that watches, and takes the watch up at another member whenever it breaks.</summary>
internal sealed class Follower : IDisposable
{
    private readonly TestCluster _cluster;
    private readonly string _prefix;
    private readonly Random _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, long> _seen = [];
    private readonly Task _run;
    private long _revision;

    public Follower(TestCluster cluster, string prefix, int seed)
    {
        _cluster = cluster;
        _prefix = prefix;
        _random = new Random(seed);
        _run = Task.Run(RunAsync);
    }

    /// <summary>Waits until a revision has been seen, and returns the revision of each key.</summary>
    public async Task<IReadOnlyDictionary<string, long>> StopAtAsync(long revision)
    {
        await Eventually.IsTrueAsync(
            $"the watch sees revision {revision}.", () => _run.IsFaulted || Volatile.Read(ref _revision) >= revision);
        await _stop.CancelAsync();
        await _run;
        return _seen;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            ClusterMember at = _cluster.Members[_random.Next(_cluster.Members.Count)];
            try
            {
                await foreach (WatchedEvent seen in at.Client.WatchAsync(_prefix, _revision + 1, _stop.Token))
                {
                    Assert.True(seen.Revision > _revision, $"{seen} came after revision {_revision}.");
                    Assert.True(_seen.TryAdd(seen.Key, seen.Revision), $"{seen.Key} was seen twice.");
                    Volatile.Write(ref _revision, seen.Revision);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException
                or OperationCanceledException or InvalidDataException or System.Text.Json.JsonException)
            {
                // The member was killed, perhaps in the middle of a line, or this is over.
            }
        }
    }
}
