namespace Coord.AspNetCore.Discovery;

/// <summary>Bounds how often each address, and all of them together, may do something. Thread-safe.</summary>
/// <remarks>
/// A bucket for each address fills with time and empties with use. Full buckets are forgotten, since a new one is full
/// too; where there are too many all the same, the address shares one bucket with all further ones.
/// </remarks>
internal sealed class RateGate(int perMinute, TimeProvider timeProvider)
{
    private const int AllTogether = 10;
    private const int MaxBuckets = 4_096;
    private const string Everybody = "";
    private const string FurtherOnes = "further";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (double Tokens, long At)> _buckets = [];
    private readonly Lock _lock = new();
    private long _sweptAt = timeProvider.GetTimestamp();

    /// <summary>How many buckets there are, for tests.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _buckets.Count;
        }
    }

    /// <summary>Takes one from the bucket of an address; false if it is empty, and then for how long.</summary>
    public bool TryTake(string address, out TimeSpan wait)
    {
        lock (_lock)
        {
            long now = timeProvider.GetTimestamp();
            string own = BucketFor_NeedsLock(address, now);
            double all = Fill_NeedsLock(Everybody, AllTogether * perMinute, now);
            double mine = Fill_NeedsLock(own, perMinute, now);
            bool isOpen = all >= 1 && mine >= 1;
            double missing = Math.Max(0, 1 - Math.Min(all / AllTogether, mine));
            wait = isOpen ? TimeSpan.Zero : missing / perMinute * Minute;
            _buckets[Everybody] = (isOpen ? all - 1 : all, now);
            _buckets[own] = (isOpen ? mine - 1 : mine, now);
            return isOpen;
        }
    }

    private string BucketFor_NeedsLock(string address, long now)
    {
        if (_buckets.ContainsKey(address) || _buckets.Count < MaxBuckets)
            return address;
        if (timeProvider.GetElapsedTime(_sweptAt, now) < SweepInterval)
            return FurtherOnes; // To look through all of them for each stranger would keep the service busy.

        _sweptAt = now;
        foreach (string idle in _buckets.Keys.Where(key => Fill_NeedsLock(key, perMinute, now) >= perMinute).ToList())
            _buckets.Remove(idle);
        return _buckets.Count < MaxBuckets ? address : FurtherOnes;
    }

    private double Fill_NeedsLock(string key, double capacity, long now) =>
        _buckets.TryGetValue(key, out (double Tokens, long At) bucket)
            ? Math.Min(capacity, bucket.Tokens + (timeProvider.GetElapsedTime(bucket.At, now) / Minute * capacity))
            : capacity;
}
