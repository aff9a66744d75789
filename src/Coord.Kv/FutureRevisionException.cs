using Coord.Raft;

namespace Coord.Kv;

/// <summary>The revision asked for does not exist yet on the member that was asked.</summary>
public sealed class FutureRevisionException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="current">The present revision.</param>
    public FutureRevisionException(Revision current)
        : base(
            $"The required revision is a future revision; the present one is {current}.",
            Outcome.DidNotHappen) => CurrentRevision = current;

    /// <summary>Gets the present revision.</summary>
    public Revision CurrentRevision { get; }
}
