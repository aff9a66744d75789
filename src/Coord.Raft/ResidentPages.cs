using System.Runtime.InteropServices;

namespace Coord.Raft;

/// <summary>What of this process's memory is backed by memory of the machine. Thread-safe.</summary>
internal static unsafe partial class ResidentPages
{
    private const int PageBytes = 4096;
    private const int DiscardNow = 4; // MADV_DONTNEED

    /// <summary>
    /// Gives the system back what lies behind some pinned memory, whose content is undefined from then on. Without
    /// effect where the system has no such call, or pages of another size.
    /// </summary>
    public static void Discard(Span<byte> pinned)
    {
        if (!OperatingSystem.IsLinux() || Environment.SystemPageSize != PageBytes)
            return;

        fixed (byte* start = pinned)
        {
            // Whole pages only: around the memory lies what belongs to others, the array's own head among it.
            nuint first = ((nuint)start + PageBytes - 1) & ~(nuint)(PageBytes - 1);
            nuint end = ((nuint)start + (nuint)pinned.Length) & ~(nuint)(PageBytes - 1);
            if (end > first)
                _ = Advise((void*)first, end - first, DiscardNow);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);
}
