using System.Buffers;

namespace Coord.AspNetCore.Direct;

/// <summary>A call that a connection answers itself, or would if its request turns out to be plain.</summary>
internal sealed class DirectCall(DirectConnection connection, int stream, DirectMethod method, TimeSpan? timeout)
{
    public DirectConnection Connection => connection;

    public int Stream => stream;

    public DirectMethod Method => method;

    public TimeSpan? Timeout => timeout;

    /// <summary>Gets the block of its headers, for the case that the call is left to the web server.</summary>
    public required byte[] Head { get; init; }

    /// <summary>Gets what has come of the request while it is not whole; null if nothing has.</summary>
    public ArrayBufferWriter<byte>? Body { get; private set; }

    /// <summary>Gets or sets by how much the client has moved the call's window; under the connection's lock.</summary>
    public long WindowGrowth { get; set; }

    /// <summary>Gets or sets a value indicating whether the client has given up; under the connection's lock.</summary>
    public bool IsReset { get; set; }

    public int BodyBytes => Body?.WrittenCount ?? 0;

    public void Add(in ReadOnlySequence<byte> bytes)
    {
        Body ??= new();
        foreach (ReadOnlyMemory<byte> piece in bytes)
            Body.Write(piece.Span);
    }
}
