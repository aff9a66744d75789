using System.Buffers;

namespace Coord.Simulation.Network;

/// <summary>Writes into an array whose size was known before.</summary>
internal sealed class RentedWriter(byte[] bytes) : IBufferWriter<byte>
{
    public int Written { get; private set; }

    public void Advance(int count) => Written += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => bytes.AsMemory(Written);

    public Span<byte> GetSpan(int sizeHint = 0) => bytes.AsSpan(Written);
}
