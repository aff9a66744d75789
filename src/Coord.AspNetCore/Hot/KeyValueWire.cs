using Coord.Kv;

namespace Coord.AspNetCore.Hot;

/// <summary>Encodes versions of keys, and events, without making messages of them.</summary>
internal static class KeyValueWire
{
    private const int EventsField = 11;
    private const ulong DeleteEvent = 1;

    public static int SizeOf(KeyValue pair) =>
        WireSpan.SizeOfBytes(pair.Key.Length)
        + WireSpan.SizeOfNumber((ulong)pair.CreateRevision.Value)
        + WireSpan.SizeOfNumber((ulong)pair.ModRevision.Value)
        + WireSpan.SizeOfNumber((ulong)pair.Version)
        + WireSpan.SizeOfBytes(pair.Value.Length)
        + WireSpan.SizeOfNumber((ulong)pair.Lease.Value);

    /// <summary>Writes the fields of a version.</summary>
    public static void Write(ref WireSpan wire, KeyValue pair)
    {
        wire.Bytes(1, pair.Key.Span);
        wire.Number(2, pair.CreateRevision.Value);
        wire.Number(3, pair.ModRevision.Value);
        wire.Number(4, pair.Version);
        wire.Bytes(5, pair.Value.Span);
        wire.Number(6, pair.Lease.Value);
    }

    /// <summary>Returns how many bytes an event takes as one of the events of a WatchResponse.</summary>
    public static int FieldSizeOf(WatchEvent change) => WireSpan.SizeOfMessage(SizeOf(change));

    /// <summary>Writes an event as one of the events of a WatchResponse.</summary>
    public static void WriteField(ref WireSpan wire, WatchEvent change)
    {
        wire.BeginMessage(EventsField, SizeOf(change));
        if (change.Kind is WatchEventKind.Delete)
            wire.Number(1, DeleteEvent);
        wire.BeginMessage(2, SizeOf(change.KeyValue));
        Write(ref wire, change.KeyValue);
        if (change.Previous is null)
            return;

        wire.BeginMessage(3, SizeOf(change.Previous));
        Write(ref wire, change.Previous);
    }

    private static int SizeOf(WatchEvent change) =>
        (change.Kind is WatchEventKind.Delete ? 2 : 0)
        + WireSpan.SizeOfMessage(SizeOf(change.KeyValue))
        + (change.Previous is null ? 0 : WireSpan.SizeOfMessage(SizeOf(change.Previous)));
}
