using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>
/// What revisions and versions must be, whoever wrote: each revision one more than the last and with at least one
/// change, each version one more than the last, creations told as such.
/// </summary>
internal static class RevisionRules
{
    /// <summary>Checks changes as a log or a watch of all keys from the beginning has them.</summary>
    /// <param name="changes">The changes in the order in which they came.</param>
    /// <param name="first">The revision before the first of them, without any key.</param>
    public static Findings Check(IEnumerable<Change> changes, long first = 1)
    {
        Findings findings = new();
        Dictionary<string, KeyValue?> newest = [];
        long last = first;
        foreach (Change change in changes)
        {
            findings.Require(change.Revision.Value == last + 1, $"{change.Revision} follows r{last}.");
            findings.Require(change.Events.Count > 0, $"{change.Revision} changed nothing.");
            HashSet<string> put = [];
            foreach (WatchEvent one in change.Events)
            {
                string key = ChangeLog.TextOf(one.KeyValue.Key.Span);
                CheckOne(change.Revision, one, newest.GetValueOrDefault(key), findings);
                if (one.Kind is WatchEventKind.Put)
                    findings.Require(put.Add(key), $"{change.Revision} put {key} twice.");
                newest[key] = one.Kind is WatchEventKind.Put ? one.KeyValue : null;
            }

            last = change.Revision.Value;
        }

        return findings;
    }

    private static void CheckOne(Revision revision, WatchEvent one, KeyValue? before, Findings findings)
    {
        KeyValue kv = one.KeyValue;
        findings.Require(kv.ModRevision == revision, $"{revision} has {kv}, which is of {kv.ModRevision}.");
        if (one.Kind is WatchEventKind.Delete)
        {
            findings.Require(before is not null, $"{revision} deleted {kv.KeyString}, which did not exist.");
            findings.Require(
                kv is { Version: 0, CreateRevision.IsZero: true, Value.IsEmpty: true, Lease.IsNone: true },
                $"{revision} deleted {kv.KeyString}, and tells more of it than that: {kv}.");
            return;
        }

        Revision created = before?.CreateRevision ?? revision;
        findings.Require(
            kv.CreateRevision == created, $"{revision} put {kv}: created at {kv.CreateRevision}, not at {created}.");
        long version = (before?.Version ?? 0) + 1;
        findings.Require(kv.Version == version, $"{revision} put {kv}: it should be version {version}.");
    }
}
