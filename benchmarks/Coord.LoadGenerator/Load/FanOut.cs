using System.Globalization;
using Coord.LoadGenerator.Servers;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;

namespace Coord.LoadGenerator.Load;

/// <summary>Writes a key that many watch, at a pace that every server keeps up with, and measures each event.</summary>
/// <remarks>The latency is from the moment before the put to the event's arrival at each of the watchers.</remarks>
internal static class FanOut
{
    private const int WatchersPerStream = 100;
    private const int EventsPerSecond = 20_000;
    private static readonly ByteString Key = ByteString.CopyFromUtf8("watched");

    public static async Task<Measurement> RunAsync(
        int watchers, Target target, TimeSpan duration, IReadOnlyList<int> processIds)
    {
        Latencies latencies = new();
        using CancellationTokenSource stop = new();
        int streams = (watchers + WatchersPerStream - 1) / WatchersPerStream;
        List<Task> receiving = [];
        foreach (int stream in Enumerable.Range(0, streams))
            receiving.Add(await OpenAsync(target, stream, latencies, stop.Token));

        double cpu = ProcessUsage.CpuSeconds(processIds);
        long start = TimeProvider.System.GetTimestamp();
        long puts = await WriteAsync(target, watchers, start, duration);
        await ArrivedAsync(latencies, puts * watchers);
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        cpu = ProcessUsage.CpuSeconds(processIds) - cpu;
        await stop.CancelAsync();
        await Task.WhenAll(receiving);
        return Runner.Summary($"watch {watchers:N0}", latencies, seconds, cpu, (puts * watchers) - latencies.Count);
    }

    /// <summary>Opens the watches of one stream, and returns what reads it once all of them are there.</summary>
    private static async Task<Task> OpenAsync(
        Target target, int stream, Latencies latencies, CancellationToken cancellationToken)
    {
        var call = new Watch.WatchClient(target.Channel(stream)).Watch(cancellationToken: cancellationToken);
        for (int i = 0; i < WatchersPerStream; i++)
        {
            await call.RequestStream.WriteAsync(
                new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key } }, cancellationToken);
        }

        for (int created = 0; created < WatchersPerStream;)
        {
            if (!await call.ResponseStream.MoveNext(cancellationToken))
                throw new InvalidOperationException("A watch ended before it began.");
            created += call.ResponseStream.Current.Created ? 1 : 0;
        }

        return ReceiveAsync(call, latencies, cancellationToken);
    }

    private static async Task ReceiveAsync(
        AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, Latencies latencies,
        CancellationToken cancellationToken)
    {
        try
        {
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                foreach (var happened in call.ResponseStream.Current.Events)
                {
                    long sent = long.Parse(happened.Kv.Value.ToStringUtf8(), CultureInfo.InvariantCulture);
                    latencies.Add(TimeProvider.System.GetElapsedTime(sent));
                }
            }
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            // The measurement is over.
        }
        catch (OperationCanceledException)
        {
            // The same.
        }
        finally
        {
            call.Dispose();
        }
    }

    private static async Task<long> WriteAsync(Target target, int watchers, long start, TimeSpan duration)
    {
        KV.KVClient kv = new(target.Channel(0));
        TimeSpan pace = TimeSpan.FromSeconds((double)watchers / EventsPerSecond);
        long puts = 0;
        while (TimeProvider.System.GetElapsedTime(start) < duration)
        {
            string now = TimeProvider.System.GetTimestamp().ToString(CultureInfo.InvariantCulture);
            await kv.PutAsync(new PutRequest { Key = Key, Value = ByteString.CopyFromUtf8(now) });
            puts++;
            TimeSpan rest = (pace * puts) - TimeProvider.System.GetElapsedTime(start);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest);
        }

        return puts;
    }

    private static async Task ArrivedAsync(Latencies latencies, long expected)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (latencies.Count < expected && TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(5))
            await Task.Delay(5);
    }
}
