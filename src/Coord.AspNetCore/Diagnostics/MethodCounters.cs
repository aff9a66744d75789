using Grpc.Core;

namespace Coord.AspNetCore.Diagnostics;

/// <summary>Counts the calls of one method. Thread-safe.</summary>
internal sealed class MethodCounters(string type, string service, string method)
{
    private const int Codes = (int)StatusCode.Unauthenticated + 1;

    private readonly long[] _handled = new long[Codes];
    private long _started;

    /// <summary>Gets the labels that tell the method.</summary>
    public string Labels { get; } = $"grpc_method=\"{method}\",grpc_service=\"{service}\",grpc_type=\"{type}\"";

    public long Started => Volatile.Read(ref _started);

    public long Handled(StatusCode code) => Volatile.Read(ref _handled[(int)code]);

    public void Begin() => Interlocked.Increment(ref _started);

    public void End(StatusCode code) => Interlocked.Increment(ref _handled[Math.Clamp((int)code, 0, Codes - 1)]);
}
