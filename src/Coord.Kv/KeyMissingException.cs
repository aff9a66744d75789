using Coord.Raft;

namespace Coord.Kv;

/// <summary>A put was to keep the value or the lease of a key that does not exist. Nothing happened.</summary>
public sealed class KeyMissingException : CoordException
{
    /// <summary>Creates the exception.</summary>
    public KeyMissingException()
        : base("The key does not exist, so that there is no value and no lease to keep.", Outcome.DidNotHappen)
    {
    }
}
