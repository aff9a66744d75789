namespace Coord.Raft.Core;

/// <summary>A small generator of numbers that look random and depend on nothing but the seed (SplitMix64).</summary>
/// <remarks>Our own, so that a seed means the same run on every version of the runtime, for ever.</remarks>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Returns 64 fresh bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Returns a number from zero up to but not including a limit.</summary>
    /// <param name="limit">The limit; positive.</param>
    public int Next(int limit) => (int)(Next() % (ulong)limit);
}
