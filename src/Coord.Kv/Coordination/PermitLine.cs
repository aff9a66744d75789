namespace Coord.Kv.Coordination;

/// <summary>The line of a semaphore: the oldest keys, as many as there are permits, have their turn.</summary>
/// <remarks>
/// Only the first who waits watches the holders. The others watch the one right before, who puts his key again when
/// his turn has come: so a release wakes one, not all.
/// </remarks>
internal sealed class PermitLine(string keyPrefix, int permits) : Line(keyPrefix)
{
    private readonly KeyRange _all = PrefixRange(keyPrefix);

    public override KeyRange? Occupied => null;

    public override bool AnnouncesTurn => true;

    public override IReadOnlyList<Operation> Reads(Revision own) =>
    [
        Operation.Get(_all, new()
        {
            SortBy = SortTarget.CreateRevision,
            SortOrder = SortOrder.Ascending,
            Limit = permits,
            MaxCreateRevision = Before(own),
            KeysOnly = true,
        }),
        ReadPredecessor(_all, own),
    ];

    public override Blocker? FindBlocker(IReadOnlyList<GetResult> reads, ReadOnlyMemory<byte> ownKey)
    {
        List<KeyValue> holders = [.. Others(reads[0], ownKey)];
        if (holders.Count < permits)
            return null;

        KeyValue predecessor = Others(reads[1], ownKey).First();
        bool isFirstInLine = holders.Exists(holder => holder.Key.Span.SequenceEqual(predecessor.Key.Span));
        return isFirstInLine
            ? new(_all, change => IsReleaseOfAny(change, holders))
            : new(new(predecessor.Key), static _ => true);
    }

    private static bool IsReleaseOfAny(WatchEvent change, List<KeyValue> holders) =>
        change.Kind is WatchEventKind.Delete
        && holders.Exists(holder => holder.Key.Span.SequenceEqual(change.KeyValue.Key.Span));
}
