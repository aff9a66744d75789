using System.Buffers;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>
/// A connection that this member dialled: it sends messages and pings, and receives answers to pings.
/// </summary>
internal sealed class OutboundConnection(ConnectionContext context, Established established)
    : Connection(context, established)
{
    private long _lastPing = context.TimeProvider.GetTimestamp();
    private bool _isPinging;

    /// <summary>Gets a value indicating whether a ping waits for its answer.</summary>
    public bool IsPinging => Volatile.Read(ref _isPinging);

    /// <inheritdoc/>
    public override void OnFrame(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        CheckLane(header);
        if (header.Kind is FrameKind.Pong && payload.IsEmpty)
            Volatile.Write(ref _isPinging, false);
        else if (header.Kind is FrameKind.Refusal)
            ThrowRefused(payload);
        else
            throw new BadFrameException(FrameStatus.Unsupported);
    }

    /// <inheritdoc/>
    public override void OnTick(long now)
    {
        base.OnTick(now);
        if (IsPinging)
        {
            // A queue that drains is a sign of life too, where a ping may wait behind megabytes. On the control lane
            // it is none: small frames vanish into the system's buffers long after the other side has died.
            long lastSign = Lane is Lane.Control ? LastReceived : Math.Max(LastReceived, Sender.LastProgress);
            if (Elapsed(Math.Max(lastSign, _lastPing), now) > Context.Options.IdleTimeout)
                Abort("It has gone silent.");
        }
        else if (Elapsed(_lastPing, now) >= Context.Options.PingInterval)
        {
            _lastPing = now;
            Volatile.Write(ref _isPinging, true);
            Sender.Send(FrameKind.Ping);
            Sender.Flush();
        }
    }
}
