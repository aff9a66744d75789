using Coord.LoadGenerator.Servers;
using Grpc.Core;

namespace Coord.LoadGenerator.Load;

/// <summary>Runs a workload for a while and measures it.</summary>
internal static class Runner
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <summary>Lets each client make its next call when it has the answer to the last.</summary>
    public static Task<Measurement> RunAsync(
        string workload, int clients, Target target, TimeSpan duration, IReadOnlyList<int> processIds, bool bare) =>
        bare && workload is not "keepalive"
            ? RunBareAsync(workload, clients, target, duration, processIds)
            : RunWithLibraryAsync(workload, clients, target, duration, processIds);

    private static async Task<Measurement> RunWithLibraryAsync(
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

    /// <summary>The same with connections that know of HTTP/2 only what it takes.</summary>
    private static async Task<Measurement> RunBareAsync(
        string workload, int clients, Target target, TimeSpan duration, IReadOnlyList<int> processIds)
    {
        Latencies warm = new(), latencies = new();
        UnaryCall call = UnaryCall.Of(workload, target);
        BareConnection[] connections =
            [.. target.Connections.Take(clients).Select(endpoint => new BareConnection(endpoint, call))];
        await LoopAsync(connections, clients, warm, WarmUp);

        double cpu = ProcessUsage.CpuSeconds(processIds);
        long start = TimeProvider.System.GetTimestamp();
        long failures = await LoopAsync(connections, clients, latencies, duration);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        cpu = ProcessUsage.CpuSeconds(processIds) - cpu;
        foreach (BareConnection connection in connections)
            connection.Dispose();
        return Summary($"{workload} {clients:N0}", latencies, seconds, cpu, failures);
    }

    private static async Task<long> LoopAsync(
        BareConnection[] connections, int clients, Latencies latencies, TimeSpan duration)
    {
        long[] failures = await Task.WhenAll(connections.Select((connection, i) => Task.Factory.StartNew(
            () => connection.Run(
                (clients / connections.Length) + (i < clients % connections.Length ? 1 : 0), duration, latencies),
            TaskCreationOptions.LongRunning)));
        return failures.Sum();
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
