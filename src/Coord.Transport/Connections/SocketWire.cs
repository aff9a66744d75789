using System.Net.Sockets;

namespace Coord.Transport.Connections;

/// <summary>Plain TCP, directly on the socket: a stream adapter would cost a third of the latency.</summary>
internal sealed class SocketWire(Socket socket) : Wire
{
    private const int TcpUserTimeout = 18;

    /// <inheritdoc/>
    public override bool IsSendCheap => true;

    /// <inheritdoc/>
    public override string RemoteAddress { get; } = Describe(socket);

    /// <summary>Sets what every connection between members needs.</summary>
    /// <param name="socket">A connected socket.</param>
    /// <param name="silence">How long the system may wait for a sign of life before it gives the other side up.</param>
    public static void Configure(Socket socket, TimeSpan silence)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (OperatingSystem.IsLinux())
        {
            // Without it, bytes that nobody acknowledges are sent again for a quarter of an hour.
            Span<byte> milliseconds = stackalloc byte[sizeof(int)];
            BitConverter.TryWriteBytes(milliseconds, (int)Math.Min(silence.TotalMilliseconds * 2, int.MaxValue));
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, milliseconds);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => socket.ReceiveAsync(buffer, SocketFlags.None);

    /// <inheritdoc/>
    public override bool CanReceiveOnThread => true;

    /// <inheritdoc/>
    public override int Receive(Span<byte> buffer)
    {
        // Without it a socket that has been used asynchronously waits for a thread of the runtime, which waits for it.
        socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
        return socket.Receive(buffer, SocketFlags.None);
    }

    /// <inheritdoc/>
    public override ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer) => socket.SendAsync(buffer, SocketFlags.None);

    /// <inheritdoc/>
    public override void Abort() => socket.Dispose();

    private static string Describe(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint?.ToString() ?? "nowhere";
        }
        catch (SocketException)
        {
            return "a closed socket";
        }
    }
}
