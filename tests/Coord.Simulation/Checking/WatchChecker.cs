using System.Runtime.CompilerServices;
using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Checks what watches were told against the log of changes.</summary>
/// <remarks>
/// What must hold of each watch, from its start revision to the last revision that it was told of:
/// <list type="number">
/// <item>Ordered: events come in the order of revisions, within one in the order of the transaction.</item>
/// <item>Unique and atomic: a revision is in one batch, and in no other.</item>
/// <item>Reliable and resumable: from the start revision on nothing is left out, whatever was seen before it.</item>
/// <item>Bookmarkable: progress to a revision means that all up to it was delivered; never back, never before the
/// start, never ahead of the store.</item>
/// <item>Exact filters, exact versions (creations are told as such), exact versions before if they were asked for:
/// missing only if there was none, or if it may have been compacted.</item>
/// <item>It ends as compacted only if what comes next has been, and never goes silent while it lives.</item>
/// </list>
/// </remarks>
internal sealed class WatchChecker
{
    private readonly ChangeLog _log;
    private readonly IReadOnlyCollection<Compaction> _compactions;
    private readonly WatchRun _run;
    private readonly Findings _findings = new();
    private long _next;
    private bool _isEnded;

    private WatchChecker(ChangeLog log, IReadOnlyCollection<Compaction> compactions, WatchRun run)
    {
        _log = log;
        _compactions = compactions;
        _run = run;
        _next = run.Options.StartRevision.Value;
    }

    /// <summary>Checks watches.</summary>
    /// <param name="log">All changes that were made.</param>
    /// <param name="compactions">All compactions that were made or may have been.</param>
    /// <param name="runs">The watches.</param>
    public static Findings Check(
        ChangeLog log, IReadOnlyCollection<Compaction> compactions, IEnumerable<WatchRun> runs)
    {
        Findings findings = new();
        foreach (WatchRun run in runs)
            findings.AddRange(new WatchChecker(log, compactions, run).Check());
        return findings;
    }

    private Findings Check()
    {
        foreach (WatchObservation seen in _run.Observations)
        {
            Require(!_isEnded, $"it was told something after its end: {seen.Notice.Kind} {seen.Notice.Revision}");
            RequireNotEarly(seen);
            switch (seen.Notice.Kind)
            {
                case WatchNoticeKind.Events:
                    CheckEvents(seen);
                    break;
                case WatchNoticeKind.Progress:
                    CheckProgress(seen.Notice.Revision);
                    break;
                default:
                    CheckCompacted(seen);
                    break;
            }
        }

        if (!_isEnded)
            RequireNothingMissed(_run.MustReach.Value + 1, "it went silent");
        return _findings;
    }

    private void CheckEvents(WatchObservation seen)
    {
        WatchNotice notice = seen.Notice;
        if (notice.Events.Count == 0)
        {
            Require(holds: false, $"a batch of {notice.Revision} has no events");
            return;
        }

        Require(
            notice.Events[^1].Revision == notice.Revision,
            $"a batch of {notice.Revision} ends with {StoreText.Of(notice.Events[^1])}");
        foreach ((Revision revision, List<WatchEvent> events) in ByRevision(notice.Events))
        {
            if (revision.Value < _next)
            {
                Require(holds: false, $"{revision} came although all before r{_next} had: {StoreText.Of(events)}");
                continue;
            }

            RequireNothingMissed(revision.Value, $"{revision} came");
            CheckRevision(events, revision, seen.Time);
            _next = revision.Value + 1;
        }
    }

    private void CheckRevision(List<WatchEvent> told, Revision revision, long time)
    {
        List<WatchEvent> expected = Expected(revision.Value, revision.Value);
        Require(
            StoreText.Of(told) == StoreText.Of(expected),
            $"{revision} was told as {StoreText.Of(told)}, but is {StoreText.Of(expected)}");
        if (told.Count != expected.Count)
            return;

        foreach ((WatchEvent one, WatchEvent made) in told.Zip(expected))
        {
            if (!_run.Options.ReturnPrevious)
            {
                Require(one.Previous is null, $"{one} came with a version before that was not asked for");
                continue;
            }

            // Only a compaction to this revision or beyond can take the version before away and leave the change.
            bool mayBeGone = one.Previous is null && IsCompacted(revision.Value, time);
            Require(
                mayBeGone || StoreText.Of(one.Previous) == StoreText.Of(made.Previous),
                $"before {StoreText.Of(one)} was {StoreText.Of(made.Previous)}, not {StoreText.Of(one.Previous)}");
        }
    }

    private void CheckProgress(Revision revision)
    {
        Require(
            revision.Value >= _run.Options.StartRevision.Value - 1,
            $"progress to {revision} was reported, which is before its start {_run.Options.StartRevision}");
        Require(revision.Value >= _next - 1, $"progress went back to {revision} from r{_next - 1}");
        Require(revision <= _log.Last, $"progress to {revision} was reported; the newest is {_log.Last}");
        RequireNothingMissed(revision.Value + 1, $"progress to {revision} was reported");
        _next = Math.Max(_next, revision.Value + 1);
    }

    private void CheckCompacted(WatchObservation seen)
    {
        _isEnded = true;
        Require(
            _next < seen.Notice.Revision.Value,
            $"it ended as compacted to {seen.Notice.Revision}, but needed only what comes from r{_next} on");
        Require(
            IsCompacted(seen.Notice.Revision.Value, seen.Time),
            $"it ended as compacted to {seen.Notice.Revision}, but nobody did that");
    }

    /// <summary>Requires that no change that it wants lies between what it was told last and a revision.</summary>
    private void RequireNothingMissed(long before, string when)
    {
        if (Expected(_next, before - 1) is { Count: > 0 } missed)
            Require(holds: false, $"{when}, and {missed.Count} changes were left out: {StoreText.Of(missed.Take(3))}");
    }

    private void RequireNotEarly(WatchObservation seen)
    {
        if (seen.Time == 0 || seen.Notice.Kind is WatchNoticeKind.Compacted)
            return;
        long since = _log.TimeOf(seen.Notice.Revision);
        Require(since <= seen.Time, $"{seen.Notice.Revision} was told at {seen.Time}, but not there before {since}");
    }

    private List<WatchEvent> Expected(long from, long through) =>
        [.. _log.Events(_run.Range, new(from), new(through)).Where(Wants)];

    private bool Wants(WatchEvent one) =>
        !(one.Kind is WatchEventKind.Delete ? _run.Options.SkipDeletes : _run.Options.SkipPuts);

    private bool IsCompacted(long revision, long time) =>
        _compactions.Any(done => done.Revision.Value >= revision && (time == 0 || done.Time <= time));

    private void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] FindingText finding)
    {
        if (!holds)
        {
            _findings.Add(
                $"Watch {_run.Name} of {_run.Range} from {_run.Options.StartRevision}: {finding.ToString()}.");
        }
    }

    /// <summary>Cuts events where the revision changes, so that one that comes back later is seen as such.</summary>
    private static IEnumerable<(Revision Revision, List<WatchEvent> Events)> ByRevision(
        IReadOnlyList<WatchEvent> events)
    {
        List<WatchEvent> run = [];
        foreach (WatchEvent one in events)
        {
            if (run.Count > 0 && run[0].Revision != one.Revision)
            {
                yield return (run[0].Revision, run);
                run = [];
            }

            run.Add(one);
        }

        yield return (run[0].Revision, run);
    }
}
