using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Coord.Raft;
using Coord.Shared;
using Coord.Transport.Framing;

namespace Coord.Transport.Tests;

/// <summary>A peer that speaks the protocol by hand, well or badly.</summary>
internal sealed class RawPeer : IDisposable
{
    // Only for a test that fails: it should say so, and not hang.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly MemoryStream _received = new();
    private uint _sent;
    private uint _read;

    private RawPeer(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    public uint SendEpoch { get; set; }

    public uint ReceiveEpoch { get; set; }

    public static async Task<RawPeer> ConnectAsync(TcpTransport transport)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)transport.LocalEndPoint!).Port);
        return new RawPeer(socket);
    }

    public static async Task<RawPeer> AcceptAsync(Socket listener) => new(await listener.AcceptAsync());

    /// <summary>A hello from a member to another, as the test receivers introduce themselves.</summary>
    public static Hello Hello(ulong from, ulong to, Lane lane = Lane.Control) => new(
        1, 1, lane, new NodeId(to), 2, new TestReceiver(from).LocalHello with { Address = "127.0.0.1:1", BootId = 1 });

    /// <summary>Connects and passes the handshake.</summary>
    public static async Task<RawPeer> IntroducedAsync(TcpTransport transport, Hello hello)
    {
        RawPeer peer = await ConnectAsync(transport);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, hello));
        (FrameKind kind, byte[] payload) = await peer.ReadAsync();
        Assert.Equal(FrameKind.Welcome, kind);
        Assert.True(HandshakeCodec.TryDecode(payload, out Hello welcome));
        peer.SendEpoch = HandshakeCodec.Epoch(hello.ConnectionNonce, welcome.ConnectionNonce);
        peer.ReceiveEpoch = HandshakeCodec.Epoch(welcome.ConnectionNonce, hello.ConnectionNonce);
        return peer;
    }

    /// <summary>Answers the hello of a transport that has connected, as the member it looks for.</summary>
    public async Task<Hello> WelcomeAsync()
    {
        (FrameKind kind, byte[] payload) = await ReadAsync();
        Assert.Equal(FrameKind.Hello, kind);
        Assert.True(HandshakeCodec.TryDecode(payload, out Hello hello));
        Hello welcome = Hello(hello.Target.Value, hello.Peer.NodeId.Value, hello.Lane) with { ConnectionNonce = 77 };
        SendEpoch = HandshakeCodec.Epoch(77, hello.ConnectionNonce);
        ReceiveEpoch = HandshakeCodec.Epoch(hello.ConnectionNonce, 77);
        await SendAsync(HandshakeCodec.Encode(FrameKind.Welcome, welcome));
        return hello;
    }

    public async Task SendAsync(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
            sent += await _socket.SendAsync(bytes.AsMemory(sent));
    }

    /// <summary>Makes the next frame of the connection.</summary>
    public byte[] Frame(FrameKind kind, Lane lane, byte[] payload)
    {
        byte[] frame = [.. new byte[FrameHeader.Size], .. payload];
        uint crc = Crc32C.Compute(payload);
        new FrameHeader(payload.Length, kind, lane, crc).Write(frame, FrameHeader.Seed(SendEpoch, ++_sent));
        return frame;
    }

    public byte[] Frame(in Message message)
    {
        ArrayBufferWriter<byte> writer = new();
        MessageCodec.Write(message, writer);
        return Frame(FrameKind.Message, Lanes.Of(message.Kind), writer.WrittenSpan.ToArray());
    }

    /// <summary>Reads the next frame.</summary>
    public async Task<(FrameKind Kind, byte[] Payload)> ReadAsync()
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            ReadOnlySequence<byte> bytes = new(_received.ToArray());
            uint seed = _read == 0 ? FrameHeader.Seed(0, 0) : FrameHeader.Seed(ReceiveEpoch, _read);
            FrameStatus status = FrameParser.TryParse(
                ref bytes, seed, 1 << 24, out FrameHeader header, out ReadOnlySequence<byte> payload);
            if (status is FrameStatus.Complete)
            {
                byte[] rest = bytes.ToArray();
                byte[] content = payload.ToArray();
                _received.SetLength(0);
                _received.Write(rest);
                _read++;
                return (header.Kind, content);
            }

            Assert.Equal(FrameStatus.Incomplete, status);
            int received = await _socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Limit);
            Assert.True(received > 0, "The connection ended where a frame was expected.");
            _received.Write(buffer, 0, received);
        }
    }

    /// <summary>Reads a refusal, and the end of the connection behind it.</summary>
    public async Task<Refusal> ReadRefusalAsync()
    {
        (FrameKind kind, byte[] payload) = await ReadAsync();
        Assert.Equal(FrameKind.Refusal, kind);
        await ClosedAsync();
        return HandshakeCodec.DecodeRefusal(payload);
    }

    /// <summary>Waits until the other side has closed the connection.</summary>
    public async Task ClosedAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(Limit) > 0)
            {
                // An answer to something that was sent before.
            }
        }
        catch (SocketException)
        {
            // Reset: it closed with bytes of ours unread.
        }
    }

    /// <summary>Ends the connection without a farewell.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}
