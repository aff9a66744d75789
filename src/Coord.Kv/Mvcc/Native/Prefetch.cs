using System.Runtime.Intrinsics.X86;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// Asks the processor for memory that is about to be read, so that several waits become one. Never fails.
/// </summary>
internal static unsafe class Prefetch
{
    private const int LineBytes = 64;

    public static void Line(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    public static void Lines(void* address, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (int i = 0; i < bytes; i += LineBytes)
            Sse.Prefetch0((byte*)address + i);
    }
}
