using System.Text;

namespace Coord.Kv.Coordination;

/// <summary>
/// A line of keys in which each waits for its turn, in the order of their create revisions. Says what decides whether
/// it is somebody's turn, and whom he waits for if not. Immutable.
/// </summary>
internal abstract class Line(string keyPrefix)
{
    /// <summary>What the keys of those begin with who wait in this line.</summary>
    public string KeyPrefix { get; } = keyPrefix;

    /// <summary>Whoever finds this range empty has his turn at once; null if there is no such range.</summary>
    public abstract KeyRange? Occupied { get; }

    /// <summary>Whether a key that had to wait is put again when its turn comes, for others to see.</summary>
    public virtual bool AnnouncesTurn => false;

    /// <summary>What must be read to decide.</summary>
    /// <param name="own">When the own key was created; zero if that is in the same transaction.</param>
    public abstract IReadOnlyList<Operation> Reads(Revision own);

    /// <summary>Decides.</summary>
    /// <param name="reads">The answers.</param>
    /// <param name="ownKey">The own key, which may be among what was read.</param>
    /// <returns>What to wait for, or null if it is the turn of the own key.</returns>
    public abstract Blocker? FindBlocker(IReadOnlyList<GetResult> reads, ReadOnlyMemory<byte> ownKey);

    protected static KeyRange PrefixRange(string prefix) => KeyRange.Prefix(Encoding.UTF8.GetBytes(prefix));

    /// <summary>Reads the youngest key of a range that is older than the own.</summary>
    protected static Operation ReadPredecessor(KeyRange range, Revision own) => Operation.Get(range, new()
    {
        SortBy = SortTarget.CreateRevision,
        SortOrder = SortOrder.Descending,
        Limit = 2, // The own one may be there; it is the youngest then.
        MaxCreateRevision = Before(own),
    });

    protected static Revision Before(Revision own) => own.IsZero ? own : new(own.Value - 1);

    protected static IEnumerable<KeyValue> Others(GetResult read, ReadOnlyMemory<byte> ownKey) =>
        read.KeyValues.Where(keyValue => !keyValue.Key.Span.SequenceEqual(ownKey.Span));
}
