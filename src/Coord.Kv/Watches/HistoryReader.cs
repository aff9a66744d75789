using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>Lets a watch that is behind catch up from history. Pure; under the store's lock.</summary>
internal static class HistoryReader
{
    /// <summary>How many changes one step looks at; more only to finish a revision.</summary>
#if COORD_SIMULATION
    public const int ChangesPerStep = 16; // So that simulated runs, which are short, have histories of many steps.
#else
    public const int ChangesPerStep = 1024;
#endif

    /// <summary>How many bytes one step copies; more only to finish a revision.</summary>
    public const int BytesPerStep = 1024 * 1024;

    /// <summary>
    /// Reads on from <see cref="Watcher.NextRevision"/>; makes the watch live when it has read everything.
    /// </summary>
    /// <param name="store">Where from.</param>
    /// <param name="watcher">For whom.</param>
    /// <param name="changes">Takes the changes that the watch wants, of whole revisions.</param>
    /// <returns>False if what comes next has been compacted.</returns>
    public static bool TryStep(MvccStore store, Watcher watcher, List<WatchEvent> changes)
    {
        if (watcher.NextRevision < store.CompactedRevision && !Mutants.CompactedWatchGoesOn)
            return false;

        KeyRange range = watcher.Group.Range;
        if (!range.IsSingleKey || !TryReadKey(store, watcher, range.Key.Span, changes))
            ReadLog(store, watcher, range, changes);
        return true;
    }

    /// <summary>
    /// Reads what is left of a single key from its versions, if they are few: the log may be long, and of other keys.
    /// </summary>
    private static bool TryReadKey(
        MvccStore store, Watcher watcher, ReadOnlySpan<byte> key, List<WatchEvent> changes)
    {
        long bytes = 0;
        int looked = 0;
        for (KeyVersion? version = store.FindNewest(key);
            version is { } change && change.Stamp.Revision >= watcher.NextRevision;
            version = change.Previous)
        {
            if (++looked > ChangesPerStep || bytes >= BytesPerStep)
            {
                changes.Clear();
                return false;
            }

            if (!watcher.Wants(change))
                continue;

            ChangeEvents events = new(change);
            bytes += watcher.CostOf(events);
            changes.Add(watcher.ToEvent(ref events));
        }

        changes.Reverse();
        watcher.NextRevision = Math.Max(watcher.NextRevision, store.Revision + 1);
        watcher.BecomeLive();
        return true;
    }

    private static void ReadLog(MvccStore store, Watcher watcher, KeyRange range, List<WatchEvent> changes)
    {
        ChangeLog log = store.Changes;
        long sequence = log.Find(watcher.NextRevision);
        long lastRevision = 0;
        long bytes = 0;
        for (int looked = 0; sequence < log.End; sequence++, looked++)
        {
            KeyVersion change = log[sequence];
            bool isStepOver = looked >= ChangesPerStep || bytes >= BytesPerStep;
            if (isStepOver && (change.Stamp.Revision != lastRevision || Mutants.HistoryStepSplitsRevision))
                break;

            lastRevision = change.Stamp.Revision;
            if (!range.Contains(change.Key) || !watcher.Wants(change))
                continue;

            ChangeEvents events = new(change);
            bytes += watcher.CostOf(events);
            changes.Add(watcher.ToEvent(ref events));
        }

        if (lastRevision > 0)
            watcher.NextRevision = lastRevision + 1;
        if (sequence == log.End)
            watcher.BecomeLive();
    }
}
