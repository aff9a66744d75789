using Coord.Kv.Mvcc;

namespace Coord.Kv.Watches;

/// <summary>A change on its way to a watch, with the version before as far as the watch wants it.</summary>
internal readonly record struct WatchChange(KeyVersion Version, KeyVersion? Previous)
{
    public WatchEvent ToEvent() =>
        new(
            Version.IsTombstone ? WatchEventKind.Delete : WatchEventKind.Put,
            Version.ToKeyValue(),
            Previous?.ToKeyValue());
}
