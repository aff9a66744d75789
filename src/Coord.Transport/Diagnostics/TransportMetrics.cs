using System.Diagnostics.Metrics;

namespace Coord.Transport.Diagnostics;

/// <summary>What a transport counts, published by the meter <c>Coord.Transport</c>.</summary>
/// <remarks>
/// Totals are plain fields that a listener reads when it wants to, so that counting costs next to nothing where many
/// thousand frames pass in a second. Thread-safe.
/// </remarks>
internal sealed class TransportMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Coord.Transport";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _refused;
    private readonly Counter<long> _bad;
    private long _framesSent;
    private long _bytesSent;
    private long _framesReceived;
    private long _bytesReceived;
    private long _dropped;
    private long _connections;

    public TransportMetrics()
    {
        _meter.CreateObservableCounter(
            "coord.transport.frames.sent", () => Volatile.Read(ref _framesSent), "{frame}", "Frames sent.");
        _meter.CreateObservableCounter(
            "coord.transport.bytes.sent", () => Volatile.Read(ref _bytesSent), "By", "Bytes sent.");
        _meter.CreateObservableCounter(
            "coord.transport.frames.received", () => Volatile.Read(ref _framesReceived), "{frame}", "Frames received.");
        _meter.CreateObservableCounter(
            "coord.transport.bytes.received", () => Volatile.Read(ref _bytesReceived), "By", "Bytes received.");
        _meter.CreateObservableCounter(
            "coord.transport.messages.dropped", () => Volatile.Read(ref _dropped), "{message}",
            "Messages that were dropped for want of a connection or of room in its queue.");
        _meter.CreateObservableUpDownCounter(
            "coord.transport.connections", () => Volatile.Read(ref _connections), "{connection}",
            "Connections that have passed their handshake, in both directions.");
        _refused = _meter.CreateCounter<long>(
            "coord.transport.handshakes.failed", "{handshake}", "Handshakes that failed, by reason.");
        _bad = _meter.CreateCounter<long>(
            "coord.transport.frames.bad", "{frame}", "Frames that were no sound frames, by what was wrong.");
    }

    /// <summary>Gets how many messages were dropped.</summary>
    public long DroppedMessages => Volatile.Read(ref _dropped);

    /// <summary>Counts what a connection sent.</summary>
    public void Sent(long frames, long bytes)
    {
        Interlocked.Add(ref _framesSent, frames);
        Interlocked.Add(ref _bytesSent, bytes);
    }

    /// <summary>Counts what a connection received.</summary>
    public void Received(long frames, long bytes)
    {
        Interlocked.Add(ref _framesReceived, frames);
        Interlocked.Add(ref _bytesReceived, bytes);
    }

    /// <summary>Counts a message that was not sent.</summary>
    public void Dropped() => Interlocked.Increment(ref _dropped);

    /// <summary>Counts a connection that came up, or with -1 one that ended.</summary>
    public void Connections(int change) => Interlocked.Add(ref _connections, change);

    /// <summary>Counts a failed handshake.</summary>
    public void HandshakeFailed(string reason) =>
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Counts a frame that was no sound frame.</summary>
    public void BadFrame(string status) => _bad.Add(1, new KeyValuePair<string, object?>("status", status));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
