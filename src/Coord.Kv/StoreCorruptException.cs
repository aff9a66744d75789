using Coord.Raft;

namespace Coord.Kv;

/// <summary>The members do not hold the same data: the store refuses to be used until an operator repairs it.</summary>
public sealed class StoreCorruptException : CoordException
{
    /// <summary>Creates the exception.</summary>
    public StoreCorruptException()
        : base(
            "A member raised the alarm that the members differ. Repair it, then disarm the alarm.",
            Outcome.DidNotHappen)
    {
    }
}
