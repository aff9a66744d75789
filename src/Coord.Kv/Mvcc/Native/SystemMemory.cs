using System.Runtime.InteropServices;

namespace Coord.Kv.Mvcc.Native;

/// <summary>Memory of the operating system, for chunks. Thread-safe.</summary>
/// <remarks>
/// Where there are large pages, chunks ask for them: a store of hundreds of megabytes is read and written all over,
/// and with small pages nearly every access begins with a walk through the page tables. Overwriting keys all over a
/// million took 1.75 us before; with large pages and prefetching 1.05 us, on the machine of RESULTS.md.
/// </remarks>
internal static unsafe partial class SystemMemory
{
    private const int LargePageBytes = 2 * 1024 * 1024;
    private const int AdviseLargePages = 14; // MADV_HUGEPAGE, the same on all architectures but two that .NET lacks.

    public static byte* Allocate(long bytes, int alignment)
    {
        bool large = OperatingSystem.IsLinux() && bytes % LargePageBytes == 0;
        byte* memory = (byte*)NativeMemory.AlignedAlloc(
            (nuint)bytes, (nuint)(large ? Math.Max(LargePageBytes, alignment) : alignment));

        // Advice: where it is not taken, all goes on with small pages.
        if (large)
            _ = Advise(memory, (nuint)bytes, AdviseLargePages);
        return memory;
    }

    public static void Free(byte* memory) => NativeMemory.AlignedFree(memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);
}
