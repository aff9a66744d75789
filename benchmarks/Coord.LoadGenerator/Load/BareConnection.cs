using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace Coord.LoadGenerator.Load;

/// <summary>
/// A connection of HTTP/2 with as little of it as unary calls need: one thread, blocking, for some clients.
/// </summary>
/// <remarks>
/// A library for gRPC takes longer for a call than the servers do, on the same processors, so it hides what they
/// differ by. This takes some three microseconds. A call counts as failed if it is answered without a message.
/// </remarks>
internal sealed class BareConnection : IDisposable
{
    private const int HeaderBytes = 9;
    private const int PrefixBytes = 5;
    private const int WindowBytes = 1 << 20;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly Socket _socket;
    private readonly UnaryCall _call;
    private readonly byte[] _headers;
    private readonly byte[] _in = new byte[256 * 1024];
    private readonly Dictionary<int, (long Begin, bool HasMessage)> _calls = [];
    private byte[] _out = new byte[64 * 1024];
    private int _outBytes;
    private int _nextStream = 1;
    private int _consumed;

    public BareConnection(Uri endpoint, UnaryCall call)
    {
        _call = call;
        _headers = Encode(call.Method, endpoint.Authority);
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(endpoint.Host, endpoint.Port);
        Append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Frame(Settings, 0, 0, []);
        Grow();
    }

    /// <summary>Lets each of some clients make its next call when it has the answer to its last, for a while.</summary>
    /// <returns>How many calls failed.</returns>
    /// <exception cref="IOException">The server ended the connection.</exception>
    public long Run(int clients, TimeSpan duration, Latencies latencies)
    {
        long failures = 0;
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < clients; i++)
            Begin();

        int have = 0;
        while (_calls.Count > 0)
        {
            Send();
            int count = _socket.Receive(_in.AsSpan(have));
            if (count == 0)
                throw new IOException("The server has ended the connection.");

            have += count;
            int at = 0;
            bool isOver = TimeProvider.System.GetElapsedTime(start) >= duration;
            while (TryFrame(_in.AsSpan(at, have - at), out int size))
            {
                failures += Take(_in.AsSpan(at, size), isOver, latencies);
                at += size;
            }

            _in.AsSpan(at, have - at).CopyTo(_in);
            have -= at;
        }

        return failures;
    }

    public void Dispose() => _socket.Dispose();

    private static bool TryFrame(ReadOnlySpan<byte> bytes, out int size)
    {
        size = bytes.Length < HeaderBytes ? 0 : HeaderBytes + (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8);
        return size > 0 && bytes.Length >= size;
    }

    /// <summary>Takes a frame; returns how many calls failed by it.</summary>
    private int Take(ReadOnlySpan<byte> frame, bool isOver, Latencies latencies)
    {
        byte flags = frame[4];
        int stream = BinaryPrimitives.ReadInt32BigEndian(frame[5..]);
        ReadOnlySpan<byte> payload = frame[HeaderBytes..];
        switch (frame[3])
        {
            case Settings when (flags & Ack) == 0:
                Frame(Settings, Ack, 0, []);
                return 0;
            case Ping when (flags & Ack) == 0:
                Frame(Ping, Ack, 0, payload);
                return 0;
            case GoAway:
                throw new IOException("The server says goodbye.");
            case Data:
                _consumed += payload.Length;
                if (_consumed > WindowBytes / 2)
                    Grow();
                if (payload.Length > 0)
                    _calls[stream] = (_calls[stream].Begin, true);
                break;
        }

        bool isEnd = frame[3] is Reset || (frame[3] is Data or Headers && (flags & EndStream) != 0);
        return isEnd ? End(stream, isOver, latencies) : 0;
    }

    private int End(int stream, bool isOver, Latencies latencies)
    {
        _calls.Remove(stream, out (long Begin, bool HasMessage) call);
        if (call.HasMessage)
            latencies.Add(TimeProvider.System.GetElapsedTime(call.Begin));
        if (!isOver)
            Begin();
        return call.HasMessage ? 0 : 1;
    }

    private void Begin()
    {
        IMessage request = _call.Create();
        int length = request.CalculateSize();
        Frame(Headers, EndHeaders, _nextStream, _headers);
        Span<byte> message = Begin(Data, EndStream, _nextStream, PrefixBytes + length);
        message[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(message[1..], length);
        request.WriteTo(message[PrefixBytes..]);
        _calls.Add(_nextStream, (TimeProvider.System.GetTimestamp(), false));
        _nextStream += 2;
    }

    /// <summary>Lets the server send more.</summary>
    private void Grow()
    {
        int more = _consumed == 0 ? WindowBytes : _consumed;
        BinaryPrimitives.WriteInt32BigEndian(Begin(WindowUpdate, 0, 0, sizeof(int)), more);
        _consumed = 0;
    }

    private void Send()
    {
        for (int at = 0; at < _outBytes;)
            at += _socket.Send(_out.AsSpan(at, _outBytes - at));
        _outBytes = 0;
    }

    private void Frame(byte kind, byte flags, int stream, ReadOnlySpan<byte> payload) =>
        payload.CopyTo(Begin(kind, flags, stream, payload.Length));

    private Span<byte> Begin(byte kind, byte flags, int stream, int length)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32BigEndian(header, ((uint)length << 8) | kind);
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        Append(header);
        Reserve(length);
        _outBytes += length;
        return _out.AsSpan(_outBytes - length, length);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_out.AsSpan(_outBytes));
        _outBytes += bytes.Length;
    }

    private void Reserve(int bytes)
    {
        if (_outBytes + bytes > _out.Length)
            Array.Resize(ref _out, Math.Max(_out.Length * 2, _outBytes + bytes));
    }

    /// <summary>Encodes the headers of a call, as literals that are not remembered (RFC 7541 §6.2.2).</summary>
    private static byte[] Encode(string path, string authority)
    {
        List<byte> block = [0x83, 0x86]; // POST, http: both in the table that all know.
        Literal(":path", path);
        Literal(":authority", authority);
        Literal("content-type", "application/grpc");
        Literal("te", "trailers");
        Literal("user-agent", "coord-load");
        return [.. block];

        void Literal(string name, string value)
        {
            block.AddRange([0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)]);
            block.AddRange([(byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        }
    }
}
