using System.Buffers;
using Coord.Raft;
using Coord.Transport.Diagnostics;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>A connection that this member accepted: it receives messages and answers pings.</summary>
internal sealed class InboundConnection(ConnectionContext context, Established established)
    : Connection(context, established), IDisposable
{
    // Its own: an arena belongs to one thread at a time, and frames of a connection arrive one after the other.
    private readonly EntryArena _arena = new(context.EntryBlocks);

    /// <summary>
    /// Gets a value indicating whether a thread of its own receives: what keeps a leader in office, and what each write
    /// waits for, must not wait for the thread pool, where a hop costs a write some tens of microseconds besides.
    /// </summary>
    protected override bool HasThread => Wire.CanReceiveOnThread && Lane is not Lane.Bulk;

    /// <inheritdoc/>
    public override void OnFrame(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        CheckLane(header);
        switch (header.Kind)
        {
            case FrameKind.Message:
                if (Context.Receiver.Enqueue(Peer.NodeId, payload, _arena) is ReceiveResult.Malformed)
                {
                    if (Context.LogLimit.TryTake(out _))
                        Log.MalformedMessage(Context.Logger, Peer.NodeId);
                    throw new ConnectionClosedException("It sent a message that does not follow the format.");
                }

                break;
            case FrameKind.Ping when payload.IsEmpty:
                Sender.Send(FrameKind.Pong);
                Sender.Flush();
                break;
            case FrameKind.Refusal:
                ThrowRefused(payload);
                break;
            default:
                throw new BadFrameException(FrameStatus.Unsupported);
        }
    }

    /// <inheritdoc/>
    public override void OnPause() => Context.Receiver.Flush();

    /// <inheritdoc/>
    public override void OnTick(long now)
    {
        base.OnTick(now);
        // It pings in every interval, so that two of them missing and more are no accident.
        if (Elapsed(LastReceived, now) > Context.Options.IdleTimeout + Context.Options.PingInterval)
            Abort("It has gone silent.");
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();
}
