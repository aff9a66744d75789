using System.Runtime.InteropServices;

namespace Coord.Raft.Storage;

/// <summary>Memory for a whole segment, outside the garbage-collected heap. Owned by one reader.</summary>
/// <remarks>
/// A segment is large and read once, when the node starts. As an array it would stay resident until the next full
/// collection, which in a node whose heap is small may be hours away.
/// </remarks>
internal sealed unsafe class SegmentMemory : IDisposable
{
    private byte* _bytes;
    private int _length;

    /// <summary>Gets the memory; valid until the next <see cref="Reserve"/> or <see cref="Dispose"/>.</summary>
    public Span<byte> Span => new(_bytes, _length);

    /// <summary>Has room for a number of bytes; what was there may be gone.</summary>
    public void Reserve(int length)
    {
        if (length <= _length)
            return;

        Dispose();
        _bytes = (byte*)NativeMemory.Alloc((nuint)length);
        _length = length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        _length = 0;
    }
}
