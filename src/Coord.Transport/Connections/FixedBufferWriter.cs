using System.Buffers;

namespace Coord.Transport.Connections;

/// <summary>Writes into one array that is large enough.</summary>
internal sealed class FixedBufferWriter(byte[] bytes) : IBufferWriter<byte>
{
    /// <summary>Gets the array.</summary>
    public byte[] Bytes => bytes;

    /// <summary>Gets how much of it has been written.</summary>
    public int Written { get; private set; }

    /// <inheritdoc/>
    public void Advance(int count) => Written += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => bytes.AsMemory(Written);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => bytes.AsSpan(Written);
}
