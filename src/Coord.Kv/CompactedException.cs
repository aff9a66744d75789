using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// The revision asked for has been compacted away. Read the newest state, then go on watching from its revision.
/// </summary>
public sealed class CompactedException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="oldest">The oldest revision that is still there.</param>
    public CompactedException(Revision oldest)
        : base(
            $"The required revision has been compacted; the oldest available is {oldest}.",
            Outcome.DidNotHappen) => OldestRevision = oldest;

    /// <summary>Gets the oldest revision that can still be read and watched from.</summary>
    public Revision OldestRevision { get; }
}
