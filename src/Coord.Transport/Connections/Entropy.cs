using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Coord.Transport.Connections;

/// <summary>The transport's chance (SplitMix64), from one seed so that a test can repeat it. Thread-safe.</summary>
/// <remarks>It spreads retries and tells connections apart; it keeps no secrets.</remarks>
internal sealed class Entropy(ulong? seed)
{
    private ulong _state = seed ?? FromSystem();

    /// <summary>Returns the next number.</summary>
    public ulong Next()
    {
        ulong z = Interlocked.Add(ref _state, 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Returns a number from zero to below one.</summary>
    public double NextFraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    private static ulong FromSystem()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
