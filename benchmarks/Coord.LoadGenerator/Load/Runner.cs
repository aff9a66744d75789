using Coord.LoadGenerator.Servers;
using Grpc.Core;

namespace Coord.LoadGenerator.Load;

/// <summary>Runs a workload for a while and measures it.</summary>
internal static class Runner
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <summary>Lets each client make its next call when it has the answer to the last.</summary>
    public static async Task<Measurement> RunAsync(
        string workload, int clients, Target target, TimeSpan duration, IReadOnlyList<int> processIds)
    {
        Func<Task>[] calls = await Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => Workload.ClientAsync(workload, target, client)));
        Latencies warm = new(), latencies = new();
        await LoopAsync(calls, warm, WarmUp);

        double cpu = ProcessUsage.CpuSeconds(processIds);
        long start = TimeProvider.System.GetTimestamp();
        long failures = await LoopAsync(calls, latencies, duration);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        cpu = ProcessUsage.CpuSeconds(processIds) - cpu;
        return Summary($"{workload} {clients:N0}", latencies, seconds, cpu, failures);
    }

    public static Measurement Summary(
        string name, Latencies latencies, double seconds, double cpuSeconds, long failures)
    {
        long count = latencies.Count;
        return new Measurement(
            name, count / seconds, latencies.Percentile(0.5), latencies.Percentile(0.99), latencies.Percentile(0.999),
            count == 0 ? 0 : cpuSeconds * 1e6 / count, failures);
    }

    private static async Task<long> LoopAsync(Func<Task>[] calls, Latencies latencies, TimeSpan duration)
    {
        long failures = 0;
        long start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(calls.Select(call => Task.Run(async () =>
        {
            while (TimeProvider.System.GetElapsedTime(start) < duration)
            {
                long begin = TimeProvider.System.GetTimestamp();
                try
                {
                    await call();
                    latencies.Add(TimeProvider.System.GetElapsedTime(begin));
                }
                catch (RpcException)
                {
                    Interlocked.Increment(ref failures);
                }
            }
        })));
        return failures;
    }
}
