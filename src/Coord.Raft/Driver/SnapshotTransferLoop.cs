using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Sends and receives snapshots, so that their disk reads and writes hold up nothing else.</summary>
/// <remarks>
/// At most one snapshot comes in at a time: a newer one, or another leader's, supersedes it. A partial file is kept,
/// and resumes when the same snapshot is sent again. Nothing partial is ever installed.
/// </remarks>
internal sealed class SnapshotTransferLoop(
    SnapshotStore store, NodeId self, IRaftTransport transport, long bytesPerSecond, Func<long> clock,
    Action<SnapshotEvent> report) : ILoop, IDisposable
{
    private readonly SwapQueue<Message> _queue = new(256);
    private readonly Dictionary<NodeId, SnapshotSender> _senders = [];
    private SnapshotReceiver? _partial;
    private long _partialLength;
    private EntryId _partialOf;
    private int _damaged;

    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal { get; } = new();

    /// <summary>Gets how long the loop may sleep.</summary>
    public TimeSpan NextWake => TimeSpan.FromMilliseconds(_senders.Count > 0 ? 5 : 1000);

    /// <summary>Hands over the core's order to send, or what a member sent; the message's memory is its own.</summary>
    /// <returns>False if too much waits; it will be sent again.</returns>
    public bool TryEnqueue(in Message message)
    {
        if (!_queue.TryEnqueue(message))
            return false;

        Signal.Set();
        return true;
    }

    /// <inheritdoc/>
    public bool Pump()
    {
        long now = clock();
        ReadOnlySpan<Message> messages = _queue.Drain();
        foreach (ref readonly Message message in messages)
        {
            switch (message.Kind)
            {
                case MessageKind.Snapshot: StartSending(message, now); break;
                case MessageKind.SnapshotChunk: Receive(message); break;
                case MessageKind.SnapshotChunkResponse: OnResponse(message, now); break;
            }

            MessageCodec.Release(message);
        }

        PumpSenders(now);
        transport.Flush();
        return !messages.IsEmpty;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SnapshotSender sender in _senders.Values)
            sender.Dispose();

        _partial?.Dispose();
        Signal.Dispose();
    }

    private void StartSending(in Message order, long now)
    {
        if (_senders.Remove(order.To, out SnapshotSender? previous))
            previous.Dispose();

        try
        {
            SnapshotFile file = store.OpenRaw(order.Snapshot!);
            _senders.Add(order.To, new SnapshotSender(order, file, bytesPerSecond, now));
        }
        catch (IOException)
        {
            report(new SnapshotEvent(SentTo: order.To)); // Superseded meanwhile: the core will name the newer one.
        }
    }

    private void OnResponse(in Message message, long now)
    {
        if (!_senders.TryGetValue(message.From, out SnapshotSender? sender)
            || message.Snapshot?.LastIncluded != sender.Snapshot.LastIncluded
            || !SnapshotChunkCodec.TryReadResponse(message.Payload, out SnapshotChunkStatus status, out long received))
        {
            return;
        }

        sender.OnResponse(status, received, now);
    }

    private void PumpSenders(long now)
    {
        foreach ((NodeId peer, SnapshotSender sender) in _senders)
        {
            if (sender.Succeeded is null)
                sender.Pump(transport, now);
            if (sender.Succeeded is not { } succeeded)
                continue;

            _senders.Remove(peer);
            sender.Dispose();
            report(new SnapshotEvent(SentTo: peer, Succeeded: succeeded));
        }
    }

    private void Receive(in Message chunk)
    {
        if (chunk.Snapshot is not { } snapshot
            || !SnapshotChunkCodec.TryRead(chunk.Payload, out long offset, out long length, out var bytes))
        {
            return;
        }

        try
        {
            if (_partial is null && _partialOf == snapshot.LastIncluded)
            {
                Deliver(chunk, snapshot); // The answer to its last chunk was lost.
                return;
            }

            if (_partial is null || _partialOf != snapshot.LastIncluded || _partialLength != length)
                Open(snapshot, length);

            // A chunk from elsewhere than the end is a repetition, or comes after a lost one: the answer tells.
            _partial!.Write(offset, bytes.Span);
            if (_partial.IsComplete)
                Finish(chunk, snapshot);
            else
                Respond(chunk, SnapshotChunkStatus.Continue, _partial.Offset);
        }
        catch (IOException)
        {
            _partial?.Dispose();
            _partial = null;
            _partialOf = default;
            Respond(chunk, SnapshotChunkStatus.Refused, 0);
        }
    }

    private void Open(SnapshotMetadata snapshot, long length)
    {
        _partial?.Dispose();
        _partialOf = snapshot.LastIncluded;
        _partialLength = length;
        _partial = store.OpenPartial(snapshot.LastIncluded, length);
        _damaged = 0;
    }

    private void Finish(in Message chunk, SnapshotMetadata snapshot)
    {
        try
        {
            SnapshotMetadata verified = _partial!.Complete();
            _partial.Dispose();
            _partial = null;
            Deliver(chunk, verified);
        }
        catch (InvalidDataException)
        {
            // Damaged on the way, or begun by another leader whose file was not the same: once more from the start.
            int damaged = ++_damaged;
            Open(snapshot, _partialLength);
            _damaged = damaged;
            Respond(chunk, damaged > 1 ? SnapshotChunkStatus.Refused : SnapshotChunkStatus.Continue, 0);
        }
    }

    private void Deliver(in Message chunk, SnapshotMetadata snapshot)
    {
        report(new SnapshotEvent(Received: new Message
        {
            Kind = MessageKind.Snapshot,
            From = chunk.From,
            To = self,
            Term = chunk.Term,
            Session = chunk.Session,
            Snapshot = snapshot,
        }));
        Respond(chunk, SnapshotChunkStatus.Done, 0);
    }

    private void Respond(in Message chunk, SnapshotChunkStatus status, long received) =>
        transport.TrySend(new Message
        {
            Kind = MessageKind.SnapshotChunkResponse,
            From = self,
            To = chunk.From,
            Snapshot = chunk.Snapshot,
            Payload = SnapshotChunkCodec.WriteResponse(status, received),
        });
}
