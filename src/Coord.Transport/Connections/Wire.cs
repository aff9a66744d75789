using Coord.Raft;

namespace Coord.Transport.Connections;

/// <summary>A stream of bytes in both directions: a socket, or TLS over one.</summary>
/// <remarks>One receive and one send may be under way at a time, beside each other.</remarks>
internal abstract class Wire : IDisposable
{
    /// <summary>Gets a value indicating whether a send is cheap enough to be made on the caller's thread.</summary>
    public abstract bool IsSendCheap { get; }

    /// <summary>Gets the other end, for logs.</summary>
    public abstract string RemoteAddress { get; }

    /// <summary>Receives what is there; zero at the end of the stream.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Gets a value indicating whether <see cref="Receive"/> is there.</summary>
    public virtual bool CanReceiveOnThread => false;

    /// <summary>Receives what is there, after blocking the thread for it; zero at the end of the stream.</summary>
    public virtual int Receive(Span<byte> buffer) => throw new NotSupportedException();

    /// <summary>Sends at least one byte, and says how many.</summary>
    public abstract ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>Ends everything that is under way with an exception. Thread-safe; again is harmless.</summary>
    public abstract void Abort();

    /// <summary>Returns why the connection must not go on, such as a certificate that has expired; or null.</summary>
    public virtual string? Problem() => null;

    /// <summary>Returns why the other end is not who it says it is; or null.</summary>
    /// <param name="peer">The member that it claims to be.</param>
    /// <param name="host">The host that this member is known to be at.</param>
    public virtual string? CheckIdentity(NodeId peer, string host) => null;

    /// <summary>Sends all of the bytes.</summary>
    public async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await SendAsync(bytes).ConfigureAwait(false)..];
    }

    /// <summary>Aborts, and gives back what the wire holds. Once nothing is received any more.</summary>
    public virtual void Dispose() => Abort();
}
