using System.Diagnostics;
using System.Numerics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>The versions of one key, linked from the newest to the oldest. Pure; under the store's lock.</summary>
/// <remarks>
/// Every 64th version has a skip to the one 64 before, every 4,096th another to the one 4,096 before, and so on: so
/// a version among n is found in steps that grow with the logarithm of n, and most versions pay nothing for it.
/// Versions are freed from the oldest on. A skip may lead to one that is gone; it is followed only if its stamp says
/// that what is looked for lies still further back, and is there.
/// </remarks>
internal static unsafe class VersionChain
{
    private const int StrideLog = 6;
    private const int Stride = 1 << StrideLog;

    /// <summary>Returns how many skips the version at a place in the chain has.</summary>
    public static int SkipsAt(uint place) => place == 0 ? 0 : BitOperations.TrailingZeroCount(place) / StrideLog;

    /// <summary>Returns the newest version below a stamp; null if there is none.</summary>
    /// <param name="newest">The newest version; may be null.</param>
    /// <param name="stamp">The stamp; not below that of the oldest change that is still in the change log.</param>
    public static VersionRecord* Before(VersionRecord* newest, Stamp stamp)
    {
        VersionRecord* record = newest;
        while (record != null && record->Stamp >= stamp)
        {
            VersionRecord* next = record->Previous;
            for (int i = record->Skips - 1; i >= 0; i--)
            {
                VersionRecord.Skip skip = VersionRecord.SkipsOf(record)[i];
                if (skip.Stamp >= stamp)
                {
                    next = skip.Target;
                    Debug.Assert(next->Key == newest->Key, "A skip that is followed leads to a version of its key.");
                    break;
                }
            }

            record = next;
        }

        return record;
    }

    /// <summary>Fills in the skips of a version that has been linked.</summary>
    /// <param name="record">The version.</param>
    /// <param name="oldestChange">The stamp of the oldest change in the change log: what is below may be gone.</param>
    public static void SetSkips(VersionRecord* record, Stamp oldestChange)
    {
        Span<VersionRecord.Skip> skips = VersionRecord.SkipsOf(record);
        skips.Clear(); // The stamp zero is followed by nobody.
        VersionRecord* target = record;
        for (int i = 0; i < skips.Length; i++)
        {
            // The first stride is walked version by version, each further one by the skips of the one before.
            int steps = i == 0 ? Stride : Stride - 1;
            for (int step = 0; step < steps && target != null; step++)
                target = Back(target, i - 1, oldestChange);
            if (target == null)
                return;

            skips[i] = new() { Target = target, Revision = target->Revision, Sub = target->Sub };
        }
    }

    private static VersionRecord* Back(VersionRecord* record, int level, Stamp oldestChange)
    {
        VersionRecord* previous = record->Previous;
        if (level >= 0)
        {
            VersionRecord.Skip skip = VersionRecord.SkipsOf(record)[level];
            return skip.Stamp >= oldestChange && skip.Revision > 0 ? skip.Target : null;
        }

        return previous != null && previous->Stamp >= oldestChange ? previous : null;
    }
}
