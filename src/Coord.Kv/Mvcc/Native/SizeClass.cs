using System.Numerics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>The sizes that pages are cut into. Pure.</summary>
/// <remarks>
/// Up to 512 bytes every multiple of 8, above eight sizes between a power of two and the next. So a block is larger
/// than asked for by at most 7 bytes, or by an eighth.
/// </remarks>
internal static class SizeClass
{
    private const int FineBytes = 512;
    private const int FineClasses = FineBytes / 8;
    private const int FineLog = 9;

    /// <summary>Returns the smallest class whose blocks hold a number of bytes.</summary>
    public static int Of(int bytes)
    {
        if (bytes <= FineBytes)
            return (bytes + 7) >> 3;

        int log = BitOperations.Log2((uint)(bytes - 1));
        int step = (bytes - 1) >> (log - 3);
        return FineClasses + 1 + ((log - FineLog) * 8) + (step - 8);
    }

    /// <summary>Returns how large the blocks of a class are.</summary>
    public static int Bytes(int sizeClass)
    {
        if (sizeClass <= FineClasses)
            return sizeClass * 8;

        int coarse = sizeClass - FineClasses - 1;
        return ((coarse % 8) + 9) << ((coarse / 8) + FineLog - 3);
    }
}
