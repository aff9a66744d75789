using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// A key that stands for a place in line, or for something held, was deleted by somebody else, so nothing is held.
/// What was asked for did not happen; acquire again.
/// </summary>
public sealed class NotHeldException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="key">The key that is gone.</param>
    public NotHeldException(string key)
        : base($"The key '{key}' is gone, and with it what it stood for.", Outcome.DidNotHappen) => Key = key;

    /// <summary>Gets the key that is gone.</summary>
    public string Key { get; }
}
