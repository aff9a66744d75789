using Coord.Raft.Core;

namespace Coord.Simulation.Kernel;

/// <summary>Numbers that look random and depend on nothing but a seed; whole ones, so alike everywhere.</summary>
/// <remarks>
/// Each concern has a source of its own, which depends on the seed and the concern's name, not on what others drew. So
/// a fault can be taken out of a run, and the rest draws what it drew before.
/// </remarks>
internal sealed class Chance(ulong seed)
{
    private SplitMix _mix = new(seed);

    /// <summary>Returns the source of a concern of this one's owner.</summary>
    public Chance Fork(string concern)
    {
        ulong hash = 14695981039346656037;
        foreach (char letter in concern)
            hash = (hash ^ letter) * 1099511628211;
        return new Chance(new SplitMix(seed ^ hash).Next());
    }

    /// <summary>Returns the source of one of several like concerns.</summary>
    public Chance Fork(string concern, long number) =>
        new(new SplitMix(Fork(concern).Next() + (ulong)number).Next());

    public ulong Next() => _mix.Next();

    /// <summary>Returns a number from zero up to but not including a limit.</summary>
    public int Next(int limit) => _mix.Next(limit);

    /// <summary>Returns a number of a range, both ends included.</summary>
    public long Between(long least, long most) => least + (long)(_mix.Next() % (ulong)(most - least + 1));

    /// <summary>Returns true once in so many times.</summary>
    public bool OneIn(long times) => _mix.Next() % (ulong)times == 0;

    /// <summary>Returns true with a probability in parts of a million.</summary>
    public bool PerMillion(long parts) => parts > 0 && (long)(_mix.Next() % 1_000_000) < parts;

    /// <summary>Returns a number of a range in which each magnitude is as likely as any other.</summary>
    public long LogUniform(long least, long most)
    {
        int magnitude = (int)Between(long.Log2(Math.Max(1, least)), long.Log2(Math.Max(1, most)));
        long low = 1L << magnitude;
        return Math.Clamp(Between(low, (2 * low) - 1), least, most);
    }

    public T Of<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    /// <summary>Fills bytes.</summary>
    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += sizeof(ulong))
        {
            ulong bits = _mix.Next();
            for (int j = i; j < Math.Min(bytes.Length, i + sizeof(ulong)); j++, bits >>= 8)
                bytes[j] = (byte)bits;
        }
    }
}
