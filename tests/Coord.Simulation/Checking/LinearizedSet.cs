namespace Coord.Simulation.Checking;

/// <summary>Which calls of a history have their place already: a set of small numbers that knows its hash.</summary>
internal sealed class LinearizedSet : IEquatable<LinearizedSet>
{
    private readonly ulong[] _bits;
    private ulong _hash;

    public LinearizedSet(int size) => _bits = new ulong[(size + 63) / 64];

    private LinearizedSet(ulong[] bits, ulong hash) => (_bits, _hash) = (bits, hash);

    public void Add(int index) => Flip(index);

    public void Remove(int index) => Flip(index);

    public LinearizedSet Copy() => new([.. _bits], _hash);

    public bool Equals(LinearizedSet? other) =>
        other is not null && _hash == other._hash && _bits.AsSpan().SequenceEqual(other._bits);

    public override bool Equals(object? obj) => Equals(obj as LinearizedSet);

    public override int GetHashCode() => (int)_hash ^ (int)(_hash >> 32);

    private void Flip(int index)
    {
        _bits[index / 64] ^= 1UL << (index % 64);
        _hash ^= Mix((ulong)index + 1);
    }

    /// <summary>Spreads a number over 64 bits, so that sets with equal sums of numbers do not collide.</summary>
    private static ulong Mix(ulong value)
    {
        value *= 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
