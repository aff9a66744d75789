using System.Runtime.InteropServices;

namespace Coord.Kv.Mvcc.Native;

/// <summary>Memory of the operating system, for chunks. Thread-safe.</summary>
/// <remarks>
/// Where there are large pages, chunks ask for them: a store of hundreds of megabytes is read and written all over,
/// and with small pages nearly every access begins with a walk through the page tables. Overwriting keys all over a
/// million took 1.75 us before; with large pages and prefetching 1.05 us, on the machine of RESULTS.md. Such chunks
/// are mapped one by one: what is freed is the system's at once, whatever the C library would have kept of it.
/// </remarks>
internal static unsafe partial class SystemMemory
{
    private const int LargePageBytes = 2 * 1024 * 1024;
    private const int SmallPageBytes = 4096;
    private const int AdviseLargePages = 14; // MADV_HUGEPAGE, the same on all architectures but two that .NET lacks.
    private const int ReadAndWrite = 3; // PROT_READ | PROT_WRITE
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    /// <summary>Takes memory; its content is undefined.</summary>
    public static byte* Allocate(long bytes, int alignment)
    {
        if (!IsLarge(bytes))
            return (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)alignment);

        long step = Math.Max(LargePageBytes, alignment);
        byte* mapped = (byte*)Map(null, (nuint)(bytes + step), ReadAndWrite, PrivateAnonymous, -1, 0);
        if ((nint)mapped == -1)
#pragma warning disable CA2201, MA0012 // What the runtime throws where it takes native memory itself.
            throw new OutOfMemoryException($"The system has no {bytes} bytes for the key-value store.");
#pragma warning restore CA2201, MA0012

        // A page more than wanted, cut off at both ends: so it begins where a large page can.
        byte* memory = (byte*)(((nuint)mapped + (nuint)step - 1) & ~(nuint)(step - 1));
        if (memory > mapped)
            _ = Unmap(mapped, (nuint)(memory - mapped));
        if (mapped + step > memory)
            _ = Unmap(memory + bytes, (nuint)(mapped + step - memory));

        // Advice: where it is not taken, all goes on with small pages.
        _ = Advise(memory, (nuint)bytes, AdviseLargePages);
        return memory;
    }

    /// <summary>Gives memory back, of the size it was taken with.</summary>
    public static void Free(byte* memory, long bytes)
    {
        if (IsLarge(bytes))
            _ = Unmap(memory, (nuint)bytes);
        else
            NativeMemory.AlignedFree(memory);
    }

    /// <summary>Makes fresh memory resident, which the first use would do otherwise, at its own expense.</summary>
    public static void Touch(byte* memory, long bytes)
    {
        for (long i = 0; i < bytes; i += SmallPageBytes)
            Volatile.Write(ref memory[i], 0);
    }

    private static bool IsLarge(long bytes) => OperatingSystem.IsLinux() && bytes % LargePageBytes == 0;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);
}
