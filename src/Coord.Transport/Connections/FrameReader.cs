using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>Receives bytes from a wire into pinned blocks and finds the frames in them.</summary>
/// <remarks>
/// One loop reads and parses: a hand-over between two would cost more than parsing does. The pipe is only the buffer,
/// a list of blocks that grows while a frame is larger than one and shrinks when it has been handled. It holds at most
/// one unfinished frame, whose length was checked before the first block was taken for it. Owned by the connection.
/// </remarks>
internal sealed class FrameReader(Wire wire, PinnedBlockPool blocks, int maxFrameBytes, TimeProvider timeProvider)
{
    private const int MinReadBytes = 4096;

    private readonly Pipe _buffer = new(new PipeOptions(
        blocks, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 0, resumeWriterThreshold: 0,
        minimumSegmentSize: PinnedBlockPool.BlockBytes, useSynchronizationContext: false));

    private uint _epoch;
    private uint _sequence;
    private long _lastReceived = timeProvider.GetTimestamp();
    private long _unfinishedSince;

    /// <summary>Gets when bytes last arrived, as a timestamp of the time provider. Thread-safe.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>Gets since when a frame has been unfinished; zero if none is. Thread-safe.</summary>
    public long UnfinishedSince => Volatile.Read(ref _unfinishedSince);

    /// <summary>Gets how many frames have arrived. Thread-safe.</summary>
    public long Frames => Volatile.Read(ref _sequence);

    /// <summary>Gets how many bytes have arrived. Thread-safe.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads one frame of the handshake; its payload is a copy.</summary>
    /// <exception cref="BadFrameException">It is no sound frame.</exception>
    /// <exception cref="EndOfStreamException">The other side closed the connection.</exception>
    public async ValueTask<(FrameHeader Header, byte[] Payload)> ReadHandshakeAsync()
    {
        while (true)
        {
            if (TryTakeHandshakeFrame(out FrameHeader header, out byte[] payload))
                return (header, payload);

            int received = await wire.ReceiveAsync(_buffer.Writer.GetMemory(MinReadBytes)).ConfigureAwait(false);
            Commit(received);
        }
    }

    /// <summary>Hands frames to a handler until the connection ends, which always throws.</summary>
    /// <param name="handler">Whom to hand them to.</param>
    /// <param name="epoch">The epoch of the frames that arrive.</param>
    public async Task RunAsync(IFrameHandler handler, uint epoch)
    {
        _epoch = epoch;
        while (true)
        {
            HandleFrames(handler);
            int received = await wire.ReceiveAsync(_buffer.Writer.GetMemory(MinReadBytes)).ConfigureAwait(false);
            Commit(received);
        }
    }

    /// <summary>Does as <see cref="RunAsync"/>, on the calling thread.</summary>
    public void Run(IFrameHandler handler, uint epoch)
    {
        _epoch = epoch;
        while (true)
        {
            HandleFrames(handler);
            Commit(wire.Receive(_buffer.Writer.GetSpan(MinReadBytes)));
        }
    }

    /// <summary>Gives the blocks back. Not while a receive is under way.</summary>
    public void Complete()
    {
        _buffer.Writer.Complete();
        _buffer.Reader.Complete();
    }

    private void Commit(int received)
    {
        if (received == 0)
        {
            throw new EndOfStreamException(
                UnfinishedSince == 0 ? "The other side closed it." : "The other side closed it within a frame.");
        }

        _buffer.Writer.Advance(received);
        ValueTask<FlushResult> flush = _buffer.Writer.FlushAsync();
        Debug.Assert(flush.IsCompletedSuccessfully, "A pipe without a threshold never waits for its reader.");
        flush.GetAwaiter().GetResult();
        Bytes += received;
        Volatile.Write(ref _lastReceived, timeProvider.GetTimestamp());
    }

    private bool TryTakeHandshakeFrame(out FrameHeader header, out byte[] payload)
    {
        header = default;
        payload = [];
        if (!_buffer.Reader.TryRead(out ReadResult result))
            return false;

        ReadOnlySequence<byte> rest = result.Buffer;
        FrameStatus status = FrameParser.TryParse(
            ref rest, FrameHeader.Seed(0, 0), HandshakeCodec.MaxBytes, out header, out ReadOnlySequence<byte> bytes);
        if (status is FrameStatus.Complete)
        {
            payload = bytes.ToArray();
            _buffer.Reader.AdvanceTo(rest.Start);
            return true;
        }

        _buffer.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        return status is FrameStatus.Incomplete ? false : throw new BadFrameException(status);
    }

    /// <summary>Reads the answer of a dialler who refuses the welcome: for it the handshake is not over yet.</summary>
    private static FrameStatus TryParseLateRefusal(
        ref ReadOnlySequence<byte> rest, out FrameHeader header, out ReadOnlySequence<byte> payload)
    {
        ReadOnlySequence<byte> parsed = rest;
        FrameStatus status = FrameParser.TryParse(
            ref parsed, FrameHeader.Seed(0, 0), HandshakeCodec.MaxBytes, out header, out payload);
        if (status is FrameStatus.Complete && header.Kind is not FrameKind.Refusal)
            return FrameStatus.HeaderDamaged;
        if (status is FrameStatus.Complete)
            rest = parsed;
        return status;
    }

    private void HandleFrames(IFrameHandler handler)
    {
        if (!_buffer.Reader.TryRead(out ReadResult result))
            return;

        ReadOnlySequence<byte> rest = result.Buffer;
        long before = _sequence;
        try
        {
            TakeFrames(handler, ref rest);
        }
        finally
        {
            // The sound frames before a bad one count.
            if (_sequence != before)
                handler.OnPause();
        }

        bool isProgress = _sequence != before;
        long unfinishedSince = rest.IsEmpty ? 0 : isProgress || _unfinishedSince == 0 ? LastReceived : _unfinishedSince;
        Volatile.Write(ref _unfinishedSince, unfinishedSince);
        _buffer.Reader.AdvanceTo(rest.Start, result.Buffer.End);
    }

    private void TakeFrames(IFrameHandler handler, ref ReadOnlySequence<byte> rest)
    {
        while (true)
        {
            uint seed = FrameHeader.Seed(_epoch, _sequence + 1);
            FrameStatus status = FrameParser.TryParse(
                ref rest, seed, maxFrameBytes, out FrameHeader header, out ReadOnlySequence<byte> payload);
            if (status is FrameStatus.HeaderDamaged && _sequence == 0)
                status = TryParseLateRefusal(ref rest, out header, out payload);
            if (status is FrameStatus.Incomplete)
                return;
            if (status is not FrameStatus.Complete)
                throw new BadFrameException(status);

            Volatile.Write(ref _sequence, _sequence + 1);
            handler.OnFrame(header, payload);
        }
    }
}
