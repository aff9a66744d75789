using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace Coord.AspNetCore.Tests.Harness;

/// <summary>A client of HTTP/2 that sends and reads frame by frame, as a test wants them.</summary>
internal sealed class Http2Client : IDisposable
{
    public const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    public const byte EndStream = 1, EndHeaders = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly CancellationTokenSource _late = new(Patience);
    private NetworkStream _stream = null!;
    private bool _hasSettings;

    public static async Task<Http2Client> OpenAsync(ApiServer server, params byte[] settings)
    {
        Http2Client client = new();
        await client._tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port, client._late.Token);
        client._stream = client._tcp.GetStream();
        await client._stream.WriteAsync(
            Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), client._late.Token);
        await client.SendAsync(Settings, 0, 0, settings);
        return client;
    }

    /// <summary>Encodes the headers of a call, each as a literal that enters no table.</summary>
    public static byte[] Block(string path, params (string Name, string Value)[] more)
    {
        List<byte> block = [0x83, 0x86];
        foreach ((string name, string value) in (IEnumerable<(string, string)>)
            [(":path", path), ("content-type", "application/grpc"), ("te", "trailers"), .. more])
        {
            block.AddRange([0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)]);
            block.AddRange([(byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        }

        return [.. block];
    }

    /// <summary>Tells whose answer begins with a block of headers: the web server's are shorter.</summary>
    public static bool IsOfServer(byte[] block) => !block.AsSpan(1).StartsWith("\0\u000ccontent-type"u8);

    /// <summary>Puts what precedes a message before it.</summary>
    public static byte[] Body(IMessage message)
    {
        byte[] body = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), body.Length - 5);
        message.WriteTo(body.AsSpan(5));
        return body;
    }

    public static byte[] Frame(byte type, byte flags, int stream, params byte[] payload)
    {
        byte[] frame = [0, 0, 0, 0, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt32BigEndian(frame, ((uint)payload.Length << 8) | type);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    public Task SendAsync(byte type, byte flags, int stream, params byte[] payload) =>
        SendAsync(Frame(type, flags, stream, payload));

    /// <summary>Sends bytes at once, which need not be whole frames.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, _late.Token);

    public async Task CallAsync(int stream, byte[] block, IMessage message)
    {
        await SendAsync(Headers, EndHeaders, stream, block);
        byte[][] pieces = [.. Body(message).Chunk(16 * 1024)];
        foreach (byte[] piece in pieces)
            await SendAsync(Data, piece == pieces[^1] ? EndStream : (byte)0, stream, piece);
    }

    public Task GrowAsync(int stream, int bytes)
    {
        byte[] payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        return SendAsync(WindowUpdate, 0, stream, payload);
    }

    /// <summary>Reads until a frame comes of which a test knows that it comes.</summary>
    public async Task ReadUntilAsync(
        Func<(byte Type, byte Flags, int Stream, byte[] Payload), bool> isIt, bool isNeeded = true)
    {
        while (isNeeded && !isIt(await ReadAsync()))
        {
        }
    }

    public async Task<(byte Type, byte Flags, int Stream, byte[] Payload)> ReadAsync()
    {
        byte[] header = new byte[9];
        await _stream.ReadExactlyAsync(header, _late.Token);
        byte[] payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header) >> 8];
        await _stream.ReadExactlyAsync(payload, _late.Token);
        Assert.True(_hasSettings || header[3] == Settings, "The first frame is to be the settings.");
        _hasSettings = true;
        return (header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)), payload);
    }

    /// <summary>Reads an answer to its end, and leaves out what belongs to other streams.</summary>
    /// <returns>The bytes of its message, and whether it is the web server's, whose headers are shorter.</returns>
    public async Task<(byte[] Message, bool IsOfServer)> ReadAnswerAsync(int stream)
    {
        List<byte> message = [];
        bool? isOfServer = null;
        while (true)
        {
            (byte type, byte flags, int of, byte[] payload) = await ReadAsync();
            Assert.NotEqual(GoAway, type);
            if (of != stream)
                continue;

            Assert.NotEqual(Reset, type);
            if (type == Headers)
                isOfServer ??= IsOfServer(payload);
            else if (type == Data)
                message.AddRange(payload);
            if ((flags & EndStream) != 0)
                return (message.Count > 5 ? [.. message[5..]] : [], isOfServer ?? false);
        }
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _late.Dispose();
    }
}
