using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>
/// Sends one snapshot file to one member: a window of chunks, at a bounded rate, from where it stopped.
/// </summary>
/// <remarks>
/// Asks first how much is there, so that a broken transfer resumes. What is lost is sent again from the last
/// acknowledged byte. Owned by the transfer loop. Times are the node's monotonic nanoseconds.
/// </remarks>
internal sealed class SnapshotSender(Message order, SnapshotFile file, long bytesPerSecond, long now) : IDisposable
{
    private const long WindowBytes = 8 * SnapshotChunkCodec.MaxChunkBytes;
    private const long ResendAfter = 1_000_000_000;
    private const long GiveUpAfter = 15_000_000_000;

    private readonly byte[] _chunk = new byte[SnapshotChunkCodec.ChunkHeader + SnapshotChunkCodec.MaxChunkBytes];
    private long _acknowledged = -1;
    private long _sent;
    private long _lastSend = long.MinValue / 2;
    private long _lastProgress = now;
    private long _allowance = WindowBytes;
    private long _allowanceAt = now;

    /// <summary>Gets the receiver.</summary>
    public NodeId Peer => order.To;

    /// <summary>Gets the snapshot being sent.</summary>
    public SnapshotMetadata Snapshot => order.Snapshot!;

    /// <summary>Gets whether the transfer succeeded, once it has ended.</summary>
    public bool? Succeeded { get; private set; }

    /// <summary>Takes an answer.</summary>
    public void OnResponse(SnapshotChunkStatus status, long received, long now)
    {
        if (status is not SnapshotChunkStatus.Continue)
        {
            Succeeded = status is SnapshotChunkStatus.Done;
            return;
        }

        if (received > file.Length)
            return;

        if (_acknowledged < 0 || received < _acknowledged)
            _sent = received; // Where to start, or the receiver had to start again.
        if (received != _acknowledged)
            _lastProgress = now;

        _acknowledged = received;
        _sent = Math.Max(_sent, received);
    }

    /// <summary>Sends what may be sent now.</summary>
    public void Pump(IRaftTransport transport, long now)
    {
        if (now - _lastProgress > GiveUpAfter)
        {
            Succeeded = false;
            return;
        }

        if (now - Math.Max(_lastSend, _lastProgress) > ResendAfter)
            _sent = Math.Max(_acknowledged, 0);

        if (_acknowledged < 0)
        {
            if (now - _lastSend > ResendAfter)
                SendChunk(transport, 0, now);
            return;
        }

        // Not in integers: with a high rate or after a pause the product would overflow.
        double earned = Math.Min(WindowBytes, (now - _allowanceAt) / 1e9 * bytesPerSecond);
        _allowance = Math.Min(WindowBytes, _allowance + (long)earned);
        _allowanceAt = now;
        while (_sent < file.Length && _sent - _acknowledged < WindowBytes && _allowance > 0)
        {
            int length = (int)Math.Min(SnapshotChunkCodec.MaxChunkBytes, file.Length - _sent);
            if (!SendChunk(transport, length, now))
                return;

            _allowance -= length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private bool SendChunk(IRaftTransport transport, int length, long now)
    {
        SnapshotChunkCodec.WriteHeader(_chunk, _sent, file.Length);
        Span<byte> bytes = _chunk.AsSpan(SnapshotChunkCodec.ChunkHeader, length);
        int read = length == 0 ? 0 : file.Read(_sent, bytes);
        if (read != length)
            throw new LogCorruptedException($"{Snapshot.LastIncluded}", _sent + read, "the snapshot is too short.");

        bool sent = transport.TrySend(order with
        {
            Kind = MessageKind.SnapshotChunk,
            Payload = _chunk.AsMemory(0, SnapshotChunkCodec.ChunkHeader + length),
        });

        if (sent)
        {
            _sent += length;
            _lastSend = now;
        }

        return sent;
    }
}
