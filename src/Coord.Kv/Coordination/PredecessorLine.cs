namespace Coord.Kv.Coordination;

/// <summary>
/// The line of a lock: whoever is the oldest has his turn, and each other one watches only the one right before.
/// </summary>
/// <param name="keyPrefix">What the keys in this line begin with.</param>
/// <param name="blockersPrefix">What the keys begin with that are waited for: those of writers, for readers.</param>
internal sealed class PredecessorLine(string keyPrefix, string blockersPrefix) : Line(keyPrefix)
{
    private readonly KeyRange _blockers = PrefixRange(blockersPrefix);

    public override KeyRange? Occupied => _blockers;

    public override IReadOnlyList<Operation> Reads(Revision own) => [ReadPredecessor(_blockers, own)];

    public override Blocker? FindBlocker(IReadOnlyList<GetResult> reads, ReadOnlyMemory<byte> ownKey) =>
        Others(reads[0], ownKey).FirstOrDefault() is { } predecessor ? Blocker.Deletion(predecessor.Key) : null;
}
