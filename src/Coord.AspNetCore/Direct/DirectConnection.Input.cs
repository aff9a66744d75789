using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Coord.AspNetCore.Direct;

/// <content>What the client sends.</content>
internal sealed partial class DirectConnection
{
    private const int InitialWindowSetting = 4;
    private const int SettingBytes = 6;
    private const int DefaultTableBytes = 4096;

    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(20);

    private readonly List<DirectCall> _undecided = [];
    private byte[] _knownBlock = [];
    private DirectMethod? _knownMethod;
    private TimeSpan? _knownTimeout;
    private long _passing = Http2Preface.Length;
    private long _lastBeat;
    private long _undecidedBytes;
    private int _highest;
    private int _highestPassed;
    private bool _isTableEmpty;
    private bool _isOpaque;
    private bool _hasPassed;

    private async Task PumpInputAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                ReadResult read = await _in.ReadAsync().ConfigureAwait(false);
                SequencePosition consumed = TakeFrames(read.Buffer);
                if (_passing == 0)
                    SurrenderTimed(); // Not within a frame that has come in part.
                _in.AdvanceTo(consumed, read.Buffer.End);
                if (_hasPassed && (await _toServer.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    break;

                _hasPassed = false;
                if (read.IsCompleted || read.IsCanceled)
                    break;
            }
        }
#pragma warning disable CA1031 // Whatever ended the connection is for the web server to judge.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        await _toServer.Writer.CompleteAsync(failure).ConfigureAwait(false);
        lock (_lock)
        {
            _isInputOver = true;
            _moved?.TrySetResult();
        }
    }

    private SequencePosition TakeFrames(ReadOnlySequence<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_passing > 0)
            {
                ReadOnlySequence<byte> piece = bytes.Slice(0, Math.Min(_passing, bytes.Length));
                Pass(piece);
                _passing -= piece.Length;
                bytes = bytes.Slice(piece.End);
                continue;
            }

            if (!Http2Frame.TryRead(bytes, out Http2Frame frame))
                break;
            if (!IsOfInterest(frame))
            {
                _passing = frame.Size;
                continue;
            }

            if (bytes.Length < frame.Size)
                break;

            Take(frame, bytes.Slice(0, frame.Size));
            bytes = bytes.Slice(frame.Size);
        }

        return bytes.Start;
    }

    private bool IsOfInterest(in Http2Frame frame)
    {
        if (frame.Length <= Http2Frame.MaxPayloadBytes)
            return frame.Type is not (Http2Frame.Data or Http2Frame.Priority or Http2Frame.Ping or Http2Frame.GoAway
                or Http2Frame.Continuation) || (frame.Type is Http2Frame.Data && Find(frame.Stream) is not null);

        // Whoever sends such frames is not understood here any more: the web server gets all that is not answered yet.
        SurrenderThrough(int.MaxValue);
        _isOpaque |= frame.Type is Http2Frame.Headers;
        return false;
    }

    private void Take(in Http2Frame frame, in ReadOnlySequence<byte> whole)
    {
        ReadOnlySequence<byte> payload = whole.Slice(Http2Frame.HeaderBytes);
        switch (frame.Type)
        {
            case Http2Frame.Headers:
                TakeHeaders(frame, whole, payload);
                break;
            case Http2Frame.Data when Find(frame.Stream) is { } call:
                TakeData(call, frame, whole, payload);
                break;
            case Http2Frame.Reset when TryReset(frame.Stream):
                break;
            case Http2Frame.WindowUpdate when payload.Length == sizeof(int):
                TakeWindow(frame, whole, ReadNumber(payload));
                break;
            case Http2Frame.Settings when (frame.Flags & Http2Frame.Ack) == 0 && frame.Stream == 0:
                TakeSettings(payload);
                Pass(whole);
                break;
            default:
                PassIfKnown(frame, whole);
                break;
        }
    }

    private void TakeHeaders(in Http2Frame frame, in ReadOnlySequence<byte> whole, in ReadOnlySequence<byte> payload)
    {
        bool isNew = frame.Stream > _highest;
        _highest = Math.Max(_highest, frame.Stream);
        if (isNew && !_isOpaque && frame.Flags == Http2Frame.EndHeaders && frame.Stream % 2 == 1
            && TryFindMethod(payload))
        {
            DirectCall call = new(this, frame.Stream, _knownMethod!, _knownTimeout) { Head = _knownBlock };
            if (TryAdd(call))
            {
                _undecided.Add(call);
                Beat();
                return;
            }
        }

        // Streams begin in the order of their numbers.
        SurrenderThrough(int.MaxValue);
        NoteTable(frame, payload);
        if (isNew)
            _highestPassed = frame.Stream;
        Pass(whole);
    }

    /// <summary>Tells the method of a plain call. Most clients send the same block with each.</summary>
    private bool TryFindMethod(in ReadOnlySequence<byte> payload)
    {
        ReadOnlySpan<byte> block = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        if (block.SequenceEqual(_knownBlock))
            return _knownMethod is not null;

        string? path = HeaderBlock.ReadPath(block, _isTableEmpty, out _knownTimeout);
        _knownMethod = path is null ? null : _directs.Find(path);
        _knownBlock = _knownMethod is null ? [] : block.ToArray();
        return _knownMethod is not null;
    }

    /// <summary>Notices a client that gives up the table of headers, as the settings tell it to.</summary>
    private void NoteTable(in Http2Frame frame, in ReadOnlySequence<byte> payload)
    {
        const byte HasPriority = 0x20;
        int begin = ((frame.Flags & Http2Frame.Padded) != 0 ? 1 : 0) + ((frame.Flags & HasPriority) != 0 ? 5 : 0);
        ReadOnlySpan<byte> block = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        for (int at = begin; at < block.Length && block[at] is >= 0x20 and < 0x40; at++)
        {
            _isTableEmpty = block[at] == 0x20;
            _knownBlock = [];
            _knownMethod = null;
            if (block[at] == 0x3f)
                break; // A size of many bytes, hence not zero.
        }

        if ((frame.Flags & Http2Frame.EndHeaders) == 0)
            _isTableEmpty = false; // What follows, which may be a size too, is not read here.
    }

    private void TakeData(
        DirectCall call, in Http2Frame frame, in ReadOnlySequence<byte> whole, in ReadOnlySequence<byte> payload)
    {
        bool isTooLarge = call.BodyBytes + payload.Length > MaxBodyBytes
            || _undecidedBytes + payload.Length > MaxUndecidedBytes;
        bool isEnd = (frame.Flags & Http2Frame.EndStream) != 0;
        if (!_undecided.Contains(call) || (frame.Flags & Http2Frame.Padded) != 0 || isTooLarge)
        {
            SurrenderThrough(frame.Stream);
            Pass(whole);
        }
        else if (!isEnd)
        {
            call.Add(payload);
            _undecidedBytes += payload.Length;
        }
        else if (TryBegin(call, payload))
        {
            _undecided.Remove(call);
            _undecidedBytes -= call.BodyBytes;
            Consumed((int)payload.Length + call.BodyBytes);
        }
        else
        {
            SurrenderThrough(frame.Stream);
            Pass(whole);
        }
    }

    private bool TryBegin(DirectCall call, in ReadOnlySequence<byte> payload)
    {
        ReadOnlySequence<byte> body = payload;
        if (call.Body is { } earlier)
        {
            body = new(
                payload.IsEmpty ? earlier.WrittenMemory : (byte[])[.. earlier.WrittenSpan, .. payload.ToArray()]);
        }

        lock (_lock)
            _running++;
        if (call.Method.TryBegin(call, body))
            return true;

        lock (_lock)
            _running--;
        return false;
    }

    /// <summary>Leaves the calls that are not decided yet, up to a stream, to the web server.</summary>
    private void SurrenderThrough(int stream)
    {
        int count = 0;
        foreach (DirectCall call in _undecided)
        {
            if (call.Stream > stream)
                break;

            count++;
            Forget(call);
            _undecidedBytes -= call.BodyBytes;
            _highestPassed = call.Stream;
            PassFrame(Http2Frame.Headers, Http2Frame.EndHeaders, call.Stream, call.Head);
            if (call.WindowGrowth > 0)
                PassGrowth(call.Stream, (int)Math.Min(call.WindowGrowth, int.MaxValue));
            ReadOnlySpan<byte> body = call.Body is null ? [] : call.Body.WrittenSpan;
            for (int at = 0; at < body.Length; at += Http2Frame.MaxPayloadBytes)
            {
                int length = Math.Min(body.Length - at, Http2Frame.MaxPayloadBytes);
                PassFrame(Http2Frame.Data, 0, call.Stream, body.Slice(at, length));
            }
        }

        _undecided.RemoveRange(0, count);
    }

    /// <summary>Leaves calls whose time may be over before they are whole to the web server.</summary>
    private void SurrenderTimed()
    {
        if (_undecided.FindLast(call => call.Timeout is not null) is { } last)
            SurrenderThrough(last.Stream);
    }

    private bool TryReset(int stream)
    {
        if (Find(stream) is not { } call)
            return false;

        if (_undecided.Remove(call))
        {
            Forget(call);
            _undecidedBytes -= call.BodyBytes;
            Consumed(call.BodyBytes);
        }
        else
        {
            Abandon(call);
        }

        return true;
    }

    private void TakeWindow(in Http2Frame frame, in ReadOnlySequence<byte> whole, int increment)
    {
        if (frame.Stream == 0 && increment > 0)
        {
            if (GrowWindow(increment) is var rest and > 0)
                PassGrowth(0, rest);
        }
        else if (!TryGrowWindow(frame.Stream, increment))
        {
            PassIfKnown(frame, whole);
        }
    }

    private void TakeSettings(in ReadOnlySequence<byte> payload)
    {
        ReadOnlySpan<byte> settings = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        for (; settings.Length >= SettingBytes; settings = settings[SettingBytes..])
        {
            uint value = BinaryPrimitives.ReadUInt32BigEndian(settings[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(settings))
            {
                case InitialWindowSetting:
                    SetInitialWindow(value);
                    break;
                case HeaderTableSetting when value < DefaultTableBytes:
                    // The next block of headers has to say that the table is smaller, and only the web server can.
                    SurrenderThrough(int.MaxValue);
                    _isOpaque = true;
                    break;
            }
        }
    }

    /// <summary>
    /// Lets the web server know now and then that the connection is in use: it closes those that it sees no call on.
    /// </summary>
    private void Beat()
    {
        if (_directs.Clock.GetElapsedTime(_lastBeat) < BeatInterval)
            return;

        _lastBeat = _directs.Clock.GetTimestamp();
        PassFrame(Http2Frame.Ping, 0, 0, BeatMark);
    }

    /// <summary>Passes a frame on, unless it is about a stream that the web server has never heard of.</summary>
    private void PassIfKnown(in Http2Frame frame, in ReadOnlySequence<byte> whole)
    {
        if (frame.Stream <= _highestPassed || frame.Stream > _highest)
            Pass(whole);
    }

    private void PassGrowth(int stream, int increment)
    {
        Span<byte> payload = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        PassFrame(Http2Frame.WindowUpdate, 0, stream, payload);
    }

    private void PassFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = _toServer.Writer.GetSpan(Http2Frame.HeaderBytes + payload.Length);
        payload.CopyTo(Http2Frame.Write(frame, payload.Length, type, flags, stream));
        _toServer.Writer.Advance(Http2Frame.HeaderBytes + payload.Length);
        _hasPassed = true;
    }

    private void Pass(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> piece in bytes)
            _toServer.Writer.Write(piece.Span);
        _hasPassed = true;
    }

    private static int ReadNumber(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        bytes.CopyTo(number);
        return BinaryPrimitives.ReadInt32BigEndian(number) & int.MaxValue;
    }
}
