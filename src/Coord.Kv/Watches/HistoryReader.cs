using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>Lets a watch that is behind catch up from the change log. Pure; under the store's lock.</summary>
internal static class HistoryReader
{
    /// <summary>How many changes one step looks at; more only to finish a revision.</summary>
    public const int ChangesPerStep = 1024;

    /// <summary>How many bytes one step copies; more only to finish a revision.</summary>
    public const int BytesPerStep = 1024 * 1024;

    /// <summary>
    /// Reads on from <see cref="Watcher.NextRevision"/>; makes the watch live when it has read everything.
    /// </summary>
    /// <param name="store">Where from.</param>
    /// <param name="watcher">For whom.</param>
    /// <param name="changes">Takes the changes that the watch wants, of whole revisions.</param>
    /// <exception cref="CompactedException">What comes next has been compacted.</exception>
    public static void Step(MvccStore store, Watcher watcher, List<WatchEvent> changes)
    {
        if (watcher.NextRevision < store.CompactedRevision)
            throw new CompactedException(new(store.CompactedRevision));

        ChangeLog log = store.Changes;
        long sequence = log.Find(watcher.NextRevision);
        long lastRevision = 0;
        long bytes = 0;
        for (int looked = 0; sequence < log.End; sequence++, looked++)
        {
            KeyVersion change = log[sequence];
            bool isStepOver = looked >= ChangesPerStep || bytes >= BytesPerStep;
            if (isStepOver && change.Stamp.Revision != lastRevision)
                break;

            lastRevision = change.Stamp.Revision;
            if (!watcher.Wants(change))
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
