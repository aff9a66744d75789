using System.Numerics;

namespace Coord.LoadGenerator.Load;

/// <summary>Counts how long things took, in buckets that are at most one percent wide. Thread-safe.</summary>
internal sealed class Latencies
{
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;

    private readonly int[] _counts = new int[64 * Steps];
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Add(TimeSpan latency)
    {
        long nanoseconds = Math.Max(1, (long)latency.TotalNanoseconds);
        Interlocked.Increment(ref _counts[IndexOf(nanoseconds)]);
        Interlocked.Increment(ref _count);
    }

    /// <summary>Returns the latency that the given share stays within, in microseconds.</summary>
    public double Percentile(double share)
    {
        long wanted = (long)Math.Ceiling(share * Count);
        for (int i = 0; i < _counts.Length; i++)
        {
            wanted -= _counts[i];
            if (wanted <= 0 && _counts[i] > 0)
                return UpperBoundOf(i) / 1000.0;
        }

        return 0;
    }

    private static int IndexOf(long value)
    {
        int magnitude = Math.Max(0, BitOperations.Log2((ulong)value) - StepBits);
        return (magnitude * Steps) + (int)(value >> magnitude);
    }

    private static long UpperBoundOf(int index)
    {
        int magnitude = Math.Max(0, (index / Steps) - 1);
        return (index - (magnitude * (long)Steps) + 1) << magnitude;
    }
}
