namespace Coord.Process.Tests.Harness;

/// <summary>A client that writes one new key after the other, at any member, until it is told to stop.</summary>
internal sealed class Writer : IDisposable
{
    private readonly string _name;
    private readonly TestCluster _cluster;
    private readonly History _history;
    private readonly Random _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private long _lastRevision;

    public Writer(string name, TestCluster cluster, History history, int seed)
    {
        _name = name;
        _cluster = cluster;
        _history = history;
        _random = new Random(seed);
        _run = Task.Run(RunAsync);
    }

    /// <summary>Lets the write that is on its way end, and rethrows what went wrong.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
    }

    public void Dispose()
    {
        _stop.Cancel(); // A test that has failed has not stopped it.
        _stop.Dispose();
    }

    /// <summary>Asks a dead member now and then, too: what it cannot answer surely did not happen.</summary>
    private ClusterMember Choose()
    {
        ClusterMember[] all = [.. _cluster.Members.Where(member => member.TakesLoad)];
        ClusterMember[] running = [.. all.Where(member => member.IsRunning)];
        return running.Length > 0 && _random.Next(10) > 0
            ? running[_random.Next(running.Length)]
            : all[_random.Next(all.Length)];
    }

    private async Task RunAsync()
    {
        for (int i = 0; !_stop.IsCancellationRequested; i++)
        {
            string key = $"{History.Prefix}{_name}/{i:000000}";
            ClusterMember at = Choose();
            WriteResult result = await at.Client.PutAsync(key, History.ValueOf(key), CancellationToken.None);
            _history.Add(key, result);
            if (result.Outcome is not WriteOutcome.Acknowledged)
                continue;

            // One client's writes follow each other, so their revisions do too (linearizability).
            Assert.True(
                result.Revision > _lastRevision, $"{key} has revision {result.Revision} after {_lastRevision}.");
            _lastRevision = result.Revision;
        }
    }
}
