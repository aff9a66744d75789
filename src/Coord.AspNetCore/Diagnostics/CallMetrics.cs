using System.Collections.Concurrent;
using Grpc.Core;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>Counts calls, under the names that Go's gRPC servers have made common. Thread-safe.</summary>
internal sealed class CallMetrics
{
    private readonly ConcurrentDictionary<string, MethodCounters> _methods = new(StringComparer.Ordinal);

    /// <summary>Counts the beginning of a call.</summary>
    /// <param name="method">The method as in the path, <c>/package.Service/Method</c>.</param>
    /// <param name="type">What kind of call it is.</param>
    /// <returns>Where its end is counted.</returns>
    public MethodCounters Begin(string method, string type)
    {
        MethodCounters counters = _methods.GetOrAdd(method, Create, type);
        counters.Begin();
        return counters;
    }

    public void Write(PrometheusText text)
    {
        MethodCounters[] methods =
            [.. _methods.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value)];
        text.Family("grpc_server_started_total", "counter", "Total number of RPCs started on the server.");
        foreach (MethodCounters method in methods)
            text.Sample("grpc_server_started_total", method.Started, method.Labels);

        text.Family("grpc_server_handled_total", "counter", "Total number of RPCs completed on the server.");
        foreach (MethodCounters method in methods)
        {
            foreach (StatusCode code in Enum.GetValues<StatusCode>())
            {
                if (method.Handled(code) is var handled and > 0)
                    text.Sample("grpc_server_handled_total", handled, $"grpc_code=\"{Word(code)}\",{method.Labels}");
            }
        }
    }

    /// <summary>Go has its own spelling of one of them.</summary>
    private static string Word(StatusCode code) => code is StatusCode.Cancelled ? "Canceled" : code.ToString();

    private static MethodCounters Create(string path, string type)
    {
        int slash = path.LastIndexOf('/');
        return new MethodCounters(type, path[..Math.Max(slash, 0)].TrimStart('/'), path[(slash + 1)..]);
    }
}
