using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Coord.AspNetCore.Hot;
using Google.Protobuf;
using Grpc.Core;

namespace Coord.AspNetCore.Direct;

/// <content>What the client is sent.</content>
internal sealed partial class DirectConnection
{
    private const int DefaultWindow = 65_535;
    private const int UpdateBytes = 16 * 1024;
    private const int HeaderTableSetting = 1;

    private static readonly byte[] AnswerHead = HeaderBlock.Encode(
        withStatus: true, ("content-type", PlainStatus.ContentType));

    private static readonly byte[] AnswerTail = HeaderBlock.Encode(
        withStatus: false, (PlainStatus.Header, PlainStatus.Ok));

    private readonly LinkedList<DirectAnswer> _held = [];
    private readonly FlushItem _flush;
    private TaskCompletionSource? _moved;
    private Http2Frame _rest; // Of a frame of the web server's, if it is being written in pieces.
    private long _window = DefaultWindow;
    private long _initialWindow = DefaultWindow;
    private long _debt;
    private long _heldBytes;
    private int _consumed;
    private int _highestAnswered;
    private bool _isInHeaders;
    private bool _isLeaving;
    private bool _hasSettings;
    private bool _isFlushing;
    private bool _isUnflushed;
    private bool _isInputOver;
    private bool _isFlushQueued;

    /// <summary>Gets what tells our own pings to the web server from the client's.</summary>
    private static ReadOnlySpan<byte> BeatMark => "coordbeat"u8[..8];

    /// <summary>Answers a call with a message. Thread-safe.</summary>
    public void Answer(DirectCall call, IMessage message)
    {
        int messageBytes = message.CalculateSize();
        int data = GrpcFrame.PrefixBytes + messageBytes;
        lock (_lock)
        {
            bool isShort = data <= Math.Min(Math.Min(_window, WindowOf(call)), Http2Frame.MaxPayloadBytes);
            if (call.IsReset || _isOver || (_isEnding && !(CanSend && isShort)))
            {
                EndCall(call);
                return;
            }

            if (CanSend && isShort)
            {
                int whole = (3 * Http2Frame.HeaderBytes) + AnswerHead.Length + data + AnswerTail.Length;
                Span<byte> rest = WriteHead(_out.GetSpan(whole), call);
                rest = Http2Frame.Write(rest, data, Http2Frame.Data, 0, call.Stream);
                GrpcFrame.WritePrefix(rest, messageBytes);
                message.WriteTo(rest.Slice(GrpcFrame.PrefixBytes, messageBytes));
                WriteTail(rest[data..], call);
                _out.Advance(whole);
                Spend(data);
                EndCall(call);
            }
            else
            {
                byte[] bytes = new byte[data];
                GrpcFrame.WritePrefix(bytes, messageBytes);
                message.WriteTo(bytes.AsSpan(GrpcFrame.PrefixBytes));
                _held.AddLast(new DirectAnswer(call, bytes));
                _heldBytes += data;
                SendHeld();
            }

            FlushSoon();
        }
    }

    /// <summary>Answers a call with a status and nothing else. Thread-safe.</summary>
    public void Refuse(DirectCall call, StatusCode code, string text)
    {
        byte[] block = HeaderBlock.Encode(
            withStatus: true,
            ("content-type", PlainStatus.ContentType),
            (PlainStatus.Header, ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            (PlainStatus.MessageHeader, PlainStatus.Encode(text)));
        lock (_lock)
        {
            if (!call.IsReset && !_isOver)
            {
                if (IsBlocked && !_isEnding)
                {
                    _held.AddLast(new DirectAnswer(call, []) { Refusal = block });
                    return;
                }

                WriteRefusal(call, block);
            }

            EndCall(call);
            FlushSoon();
        }
    }

    // Under the lock from here on, but for the pump.
    private bool CanSend => !IsBlocked && _held.Count == 0;

    /// <summary>Gets a value indicating whether nothing may come before the web server's next frame.</summary>
    private bool IsBlocked => _isInHeaders || !_hasSettings;

    private long WindowOf(DirectCall call) => _initialWindow + call.WindowGrowth;

    private DirectCall? Find(int stream)
    {
        lock (_lock)
            return _calls.GetValueOrDefault(stream);
    }

    private bool TryAdd(DirectCall call)
    {
        lock (_lock)
        {
            // What is written while the client does not read waits too, even if its windows are wide open.
            long unflushed = _out.CanGetUnflushedBytes ? _out.UnflushedBytes : 0;
            if (_isLeaving || _calls.Count >= MaxCalls || _heldBytes + unflushed > MaxHeldBytes)
                return false;

            _calls.Add(call.Stream, call);
            _highestAnswered = Math.Max(_highestAnswered, call.Stream);
            return true;
        }
    }

    private void Forget(DirectCall call)
    {
        lock (_lock)
            _calls.Remove(call.Stream);
    }

    /// <summary>Takes note that the client does not want the answer; the place is free once there is one.</summary>
    private void Abandon(DirectCall call)
    {
        lock (_lock)
        {
            call.IsReset = true;
            SendHeld();
        }
    }

    private void SetInitialWindow(uint window)
    {
        lock (_lock)
        {
            _initialWindow = Math.Min(window, int.MaxValue);
            SendHeld();
            FlushSoon();
        }
    }

    /// <summary>Takes what the client lets the connection send more; returns what the web server may know of.</summary>
    private int GrowWindow(int increment)
    {
        lock (_lock)
        {
            _window += increment;
            int paid = (int)Math.Min(_debt, increment);
            _debt -= paid;
            SendHeld();
            FlushSoon();
            _moved?.TrySetResult();
            return increment - paid;
        }
    }

    private bool TryGrowWindow(int stream, int increment)
    {
        lock (_lock)
        {
            if (!_calls.TryGetValue(stream, out DirectCall? call))
                return false;

            call.WindowGrowth += increment;
            SendHeld();
            FlushSoon();
            return true;
        }
    }

    /// <summary>Lets the client send as much again as was taken here.</summary>
    private void Consumed(int bytes)
    {
        lock (_lock)
        {
            _consumed += bytes;
            if (TrySendUpdate())
                FlushSoon();
        }
    }

    private bool TrySendUpdate()
    {
        if (_consumed < UpdateBytes || IsBlocked || _isOver)
            return false;

        const int Whole = Http2Frame.HeaderBytes + sizeof(int);
        Span<byte> payload = Http2Frame.Write(_out.GetSpan(Whole), sizeof(int), Http2Frame.WindowUpdate, 0, 0);
        BinaryPrimitives.WriteInt32BigEndian(payload, _consumed);
        _out.Advance(Whole);
        _consumed = 0;
        return true;
    }

    private void EndCall(DirectCall call)
    {
        _calls.Remove(call.Stream);
        if (--_running == 0 && _isEnding)
            _idle.TrySetResult();
    }

    private void Spend(int bytes)
    {
        _window -= bytes;
        _debt += bytes;
    }

    private static Span<byte> WriteHead(Span<byte> destination, DirectCall call)
    {
        Span<byte> rest = Http2Frame.Write(
            destination, AnswerHead.Length, Http2Frame.Headers, Http2Frame.EndHeaders, call.Stream);
        AnswerHead.CopyTo(rest);
        return rest[AnswerHead.Length..];
    }

    private static void WriteTail(Span<byte> destination, DirectCall call) => AnswerTail.CopyTo(Http2Frame.Write(
        destination, AnswerTail.Length, Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, call.Stream));

    private void WriteRefusal(DirectCall call, byte[] block)
    {
        int whole = Http2Frame.HeaderBytes + block.Length;
        block.CopyTo(Http2Frame.Write(
            _out.GetSpan(whole), block.Length, Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream,
            call.Stream));
        _out.Advance(whole);
    }

    /// <summary>Sends of the answers that wait what the client takes.</summary>
    private void SendHeld()
    {
        LinkedListNode<DirectAnswer>? next = IsBlocked ? null : _held.First;
        while (next is { Value: var answer } node)
        {
            next = node.Next;
            if (answer.Call.IsReset || _isOver || TrySend(answer))
            {
                _held.Remove(node);
                _heldBytes -= answer.Length;
                EndCall(answer.Call);
            }
        }
    }

    private void DropHeld()
    {
        foreach (DirectAnswer answer in _held)
            EndCall(answer.Call);
        _held.Clear();
    }

    /// <summary>Sends what the client takes of an answer; returns whether that is all.</summary>
    private bool TrySend(DirectAnswer answer)
    {
        DirectCall call = answer.Call;
        if (answer.Refusal is { } block)
        {
            WriteRefusal(call, block);
            return true;
        }

        if (!answer.HasBegun)
        {
            int head = Http2Frame.HeaderBytes + AnswerHead.Length;
            WriteHead(_out.GetSpan(head), call);
            _out.Advance(head);
            answer.HasBegun = true;
        }

        while (!answer.Rest.IsEmpty)
        {
            long room = Math.Min(Math.Min(_window, WindowOf(call)), Http2Frame.MaxPayloadBytes);
            int length = (int)Math.Min(room, answer.Rest.Length);
            if (length <= 0)
                return false;

            int whole = Http2Frame.HeaderBytes + length;
            answer.Rest[..length].CopyTo(
                Http2Frame.Write(_out.GetSpan(whole), length, Http2Frame.Data, 0, call.Stream));
            _out.Advance(whole);
            answer.Sent += length;
            call.WindowGrowth -= length;
            Spend(length);
        }

        int tail = Http2Frame.HeaderBytes + AnswerTail.Length;
        WriteTail(_out.GetSpan(tail), call);
        _out.Advance(tail);
        return true;
    }

    /// <summary>Sends what is written: at once if no other answer is to follow, and else with those that do.</summary>
    private void FlushSoon()
    {
        if (_running == 0)
        {
            FlushNow();
        }
        else if (!_isFlushQueued)
        {
            _isFlushQueued = true;
            ThreadPool.UnsafeQueueUserWorkItem(_flush, preferLocal: false);
        }
    }

    private void FlushNow()
    {
        if (_isFlushing)
        {
            _isUnflushed = true;
            return;
        }

        ValueTask<FlushResult> flush;
        try
        {
            flush = _out.FlushAsync();
        }
#pragma warning disable CA1031 // Whoever reads the connection hears what is wrong with it.
        catch (Exception)
#pragma warning restore CA1031
        {
            _isOver = true;
            return;
        }

        if (flush.IsCompletedSuccessfully)
        {
            _isOver |= flush.Result.IsCompleted;
            return;
        }

        _isFlushing = true;
        _ = AwaitFlushAsync(flush);
    }

    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        bool isOver = true;
        try
        {
            isOver = (await flush.ConfigureAwait(false)).IsCompleted;
        }
#pragma warning disable CA1031 // Whoever reads the connection hears what is wrong with it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        lock (_lock)
        {
            _isFlushing = false;
            _isOver |= isOver;
            _moved?.TrySetResult();
            if (_isUnflushed && !_isOver)
            {
                _isUnflushed = false;
                FlushNow();
            }
        }
    }

    private async Task PumpOutputAsync()
    {
        Exception? failure = null;
        try
        {
            await CarryOutputAsync(_fromServer.Reader).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever ended the connection is for the web server to judge.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        await _fromServer.Reader.CompleteAsync(failure).ConfigureAwait(false);
    }

    private async Task CarryOutputAsync(PipeReader reader)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync().ConfigureAwait(false);
            Task? wait = null;
            bool isOver;
            SequencePosition consumed;
            lock (_lock)
            {
                consumed = SendFrames(read.Buffer, out bool isStuck);
                SendHeld();
                TrySendUpdate();
                FlushNow();
                isOver = _isOver || (isStuck && _isInputOver); // Who says nothing any more lets nobody send more.
                if (isStuck || _isFlushing)
                {
                    _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    wait = _moved.Task;
                }
            }

            bool isMore = wait is not null && !read.Buffer.Slice(consumed).IsEmpty;
            reader.AdvanceTo(consumed, isMore ? consumed : read.Buffer.End);
            if (isOver || (read.IsCompleted && !isMore))
                return;
            if (wait is not null)
                await wait.ConfigureAwait(false);
        }
    }

    /// <summary>Writes what the web server sends, frame by frame, as far as the client takes it.</summary>
    private SequencePosition SendFrames(ReadOnlySequence<byte> bytes, out bool isStuck)
    {
        isStuck = false;
        while (true)
        {
            if (_rest.Length > 0)
            {
                isStuck = _window == 0;
                if (isStuck)
                    break;

                int length = (int)Math.Min(_rest.Length, _window);
                SendPiece(length, bytes.Slice(0, length));
                bytes = bytes.Slice(length);
            }
            else if (!Http2Frame.TryRead(bytes, out Http2Frame frame) || bytes.Length < frame.Size)
            {
                break;
            }
            else if (frame is { Type: Http2Frame.Data, Length: > 0 })
            {
                _rest = frame;
                bytes = bytes.Slice(Http2Frame.HeaderBytes);
            }
            else
            {
                SendFrame(frame, bytes.Slice(0, frame.Size));
                bytes = bytes.Slice(frame.Size);
            }
        }

        return bytes.Start;
    }

    /// <summary>
    /// Writes as much of a frame of data as the client takes: the web server does not know what answers have taken.
    /// </summary>
    private void SendPiece(int length, in ReadOnlySequence<byte> payload)
    {
        byte flags = (byte)(length == _rest.Length ? _rest.Flags : _rest.Flags & ~Http2Frame.EndStream);
        Http2Frame.Write(
            _out.GetSpan(Http2Frame.HeaderBytes), length, Http2Frame.Data, flags, _rest.Stream);
        _out.Advance(Http2Frame.HeaderBytes);
        foreach (ReadOnlyMemory<byte> piece in payload)
            _out.Write(piece.Span);
        _window -= length;
        _rest = _rest with { Length = _rest.Length - length };
    }

    private void SendFrame(in Http2Frame frame, in ReadOnlySequence<byte> whole)
    {
        switch (frame.Type)
        {
            case Http2Frame.Headers or Http2Frame.Continuation:
                _isInHeaders = (frame.Flags & Http2Frame.EndHeaders) == 0;
                break;
            case Http2Frame.Ping when (frame.Flags & Http2Frame.Ack) != 0
                && whole.Slice(Http2Frame.HeaderBytes).ToArray().AsSpan().SequenceEqual(BeatMark):
                return;
            case Http2Frame.Settings when (frame.Flags & Http2Frame.Ack) == 0 && !_hasSettings:
                _hasSettings = true;
                WriteSettings(frame, whole.Slice(Http2Frame.HeaderBytes));
                return;
            case Http2Frame.GoAway:
                _isLeaving = true;
                WriteGoAway(whole);
                return;
        }

        foreach (ReadOnlyMemory<byte> piece in whole)
            _out.Write(piece.Span);
    }

    /// <summary>Tells the client in addition to keep no table of headers: what needs none can be kept here.</summary>
    private void WriteSettings(in Http2Frame frame, in ReadOnlySequence<byte> payload)
    {
        int length = frame.Length + SettingBytes;
        Span<byte> rest = Http2Frame.Write(
            _out.GetSpan(Http2Frame.HeaderBytes + length), length, Http2Frame.Settings, frame.Flags, 0);
        payload.CopyTo(rest);
        BinaryPrimitives.WriteUInt16BigEndian(rest[frame.Length..], HeaderTableSetting);
        BinaryPrimitives.WriteUInt32BigEndian(rest[(frame.Length + 2)..], 0);
        _out.Advance(Http2Frame.HeaderBytes + length);
    }

    /// <summary>Counts the calls that are answered here among those that the server has taken up.</summary>
    private void WriteGoAway(in ReadOnlySequence<byte> whole)
    {
        byte[] frame = whole.ToArray();
        Span<byte> last = frame.AsSpan(Http2Frame.HeaderBytes);
        if (last.Length >= sizeof(int))
        {
            int stream = BinaryPrimitives.ReadInt32BigEndian(last) & int.MaxValue;
            BinaryPrimitives.WriteInt32BigEndian(last, Math.Max(stream, _highestAnswered));
        }

        _out.Write(frame);
    }

    /// <summary>Sends what several answers have left, in one piece.</summary>
    private sealed class FlushItem(DirectConnection connection) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            lock (connection._lock)
            {
                connection._isFlushQueued = false;
                if (!connection._isOver)
                    connection.FlushNow();
            }
        }
    }
}
