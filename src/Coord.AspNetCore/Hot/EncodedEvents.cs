using System.Buffers;
using System.Diagnostics;
using Coord.Kv;

namespace Coord.AspNetCore.Hot;

/// <summary>The encoding of events that several watches are sent: made for the first, used for the rest.</summary>
/// <remarks>Owned by the session of a stream, under its lock. Holds no memory after Clear.</remarks>
internal sealed class EncodedEvents
{
    private IReadOnlyList<WatchEvent>? _events;
    private byte[] _bytes = [];
    private int _length;

    /// <summary>Returns the events of a WatchResponse as its fields.</summary>
    /// <returns>Valid until the next call, or that of <see cref="Clear"/>.</returns>
    public ReadOnlyMemory<byte> Of(IReadOnlyList<WatchEvent> events)
    {
        if (!ReferenceEquals(events, _events))
            Encode(events);
        return _bytes.AsMemory(0, _length);
    }

    /// <summary>Lets go of the memory.</summary>
    public void Clear()
    {
        _events = null;
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Encode(IReadOnlyList<WatchEvent> events)
    {
        int length = 0;
        for (int i = 0; i < events.Count; i++)
            length += KeyValueWire.FieldSizeOf(events[i]);
        if (_bytes.Length < length)
        {
            Clear();
            _bytes = ArrayPool<byte>.Shared.Rent(length);
        }

        WireSpan wire = new(_bytes);
        for (int i = 0; i < events.Count; i++)
            KeyValueWire.WriteField(ref wire, events[i]);
        Debug.Assert(wire.Written == length, "What is written has the size that was computed.");
        (_events, _length) = (events, length);
    }
}
