namespace Coord.Kv.Coordination;

/// <summary>What somebody in line waits for. Immutable.</summary>
/// <param name="Range">Where it will be seen.</param>
/// <param name="Ends">Which changes are worth another look.</param>
internal sealed record Blocker(KeyRange Range, Func<WatchEvent, bool> Ends)
{
    /// <summary>Waits for a key to be deleted.</summary>
    public static Blocker Deletion(ReadOnlyMemory<byte> key) =>
        new(new(key), static change => change.Kind is WatchEventKind.Delete);
}
