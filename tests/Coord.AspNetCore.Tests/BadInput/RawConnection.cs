using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coord.AspNetCore.Tests.Harness;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>A connection on which a test says what no client library would.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly CancellationTokenSource _timeout = new(Patience);
    private NetworkStream _stream = null!;

    private RawConnection()
    {
    }

    public static async Task<RawConnection> OpenAsync(ApiServer server, bool http2 = false)
    {
        RawConnection connection = new();
        await connection._tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port, connection._timeout.Token);
        connection._stream = connection._tcp.GetStream();
        if (http2)
        {
            await connection.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            await connection.SendAsync(Frame(4, 0, 0));
        }

        return connection;
    }

    /// <summary>Makes a frame of HTTP/2.</summary>
    public static byte[] Frame(byte type, byte flags, int stream, params byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes, _timeout.Token).AsTask();

    /// <summary>Sends until all is sent or the server wants no more.</summary>
    public async Task TrySendAsync(byte[] bytes)
    {
        try
        {
            await SendAsync(bytes);
        }
        catch (IOException)
        {
            // It has closed the connection, which is what it should do.
        }
    }

    /// <summary>Reads until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using MemoryStream all = new();
        byte[] piece = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await _stream.ReadAsync(piece, _timeout.Token)) > 0)
                all.Write(piece, 0, count);
        }
        catch (IOException)
        {
            // Closed with something of ours unread: that is a reset.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Reads until the text has come.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        StringBuilder all = new();
        byte[] piece = new byte[4096];
        while (!all.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await _stream.ReadAsync(piece, _timeout.Token);
            Assert.True(count > 0, $"Closed after: {all}");
            all.Append(Encoding.Latin1.GetString(piece, 0, count));
        }

        return all.ToString();
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _timeout.Dispose();
    }
}
