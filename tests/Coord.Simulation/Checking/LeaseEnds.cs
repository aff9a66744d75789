using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Recognises revisions that the end of a lease made: all its keys go, in order, and nothing else.</summary>
internal static class LeaseEnds
{
    /// <summary>Returns the lease whose end a revision can be, or null if it is none.</summary>
    public static LeaseId? Find(ChangeLog log, Revision revision)
    {
        IReadOnlyList<WatchEvent> events = log.At(revision);
        LeaseId lease = events[0].Previous?.Lease ?? LeaseId.None;
        if (lease.IsNone || events.Any(one => one.Kind is not WatchEventKind.Delete))
            return null;

        return Deletes(log, revision, lease) ? lease : null;
    }

    /// <summary>Tells whether a revision deletes all keys of a lease in order, and nothing else.</summary>
    public static bool Deletes(ChangeLog log, Revision revision, LeaseId lease) =>
        log.At(revision).Select(one => $"{one.Kind} {ChangeLog.TextOf(one.KeyValue.Key.Span)}").SequenceEqual(
            KeysOf(log, lease, new(revision.Value - 1)).Select(key => $"{WatchEventKind.Delete} {key}"));

    /// <summary>Returns the keys that are attached to a lease at a revision, in ascending order.</summary>
    public static IEnumerable<string> KeysOf(ChangeLog log, LeaseId lease, Revision at) =>
        log.Read(KeyRange.All, at).Where(kv => kv.Lease == lease).Select(kv => ChangeLog.TextOf(kv.Key.Span));
}
