using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Checks when leases ended, and what their ends did.</summary>
/// <remarks>
/// What must hold of each lease:
/// <list type="number">
/// <item>
/// It does not end by itself before its time to live has gone by since the last grant or keep-alive that was answered
/// was asked for: whatever happened to leaders in between. Nor does anybody say earlier that it is gone.
/// </item>
/// <item>It ends once, and is not kept alive afterwards.</item>
/// <item>Its end deletes all its keys, and nothing else, in one revision; and no key is put with it afterwards.</item>
/// </list>
/// All times are of one true clock; members' clocks may run faster than it by a known part.
/// </remarks>
internal sealed class LeaseChecker
{
    private readonly ChangeLog _log;
    private readonly double _drift;
    private readonly Findings _findings = new();

    private LeaseChecker(ChangeLog log, double drift) => (_log, _drift) = (log, drift);

    /// <summary>Checks leases.</summary>
    /// <param name="log">All changes that were made.</param>
    /// <param name="answers">What clients were told.</param>
    /// <param name="ends">The ends, in the order in which they happened.</param>
    /// <param name="drift">By which part of the time members' clocks may run too fast, such as 0.1.</param>
    public static Findings Check(
        ChangeLog log, IReadOnlyCollection<LeaseAnswer> answers, IReadOnlyCollection<LeaseEnd> ends, double drift = 0)
    {
        LeaseChecker checker = new(log, drift);
        ILookup<LeaseId, LeaseAnswer> answersOf = answers.ToLookup(answer => answer.Lease);
        ILookup<LeaseId, LeaseEnd> endsOf = ends.ToLookup(end => end.Lease);
        foreach (LeaseId lease in answersOf.Select(group => group.Key).Union(endsOf.Select(group => group.Key)))
            checker.CheckLives(lease, [.. answersOf[lease].OrderBy(answer => answer.Begin)], [.. endsOf[lease]]);
        foreach (LeaseEnd end in ends)
            checker.CheckKeys(end);
        checker.CheckKeysOfEnded(ends, answers);
        return checker._findings;
    }

    /// <summary>Checks one id: mostly one life, more if it was granted again.</summary>
    private void CheckLives(LeaseId lease, List<LeaseAnswer> answers, List<LeaseEnd> ends)
    {
        List<long> grants = [.. answers.Where(answer => answer.IsGrant).Select(answer => answer.Begin)];
        _findings.Require(
            ends.Count <= Math.Max(grants.Count, 1),
            $"Lease {lease} was granted {grants.Count} times, ended {ends.Count}.");
        long since = long.MinValue;
        foreach (LeaseEnd end in ends)
        {
            List<LeaseAnswer> life = [.. answers.Where(answer => answer.End > since && answer.Begin <= end.Time)];
            CheckEnd(end, life);
            since = end.Time;
        }

        foreach (LeaseAnswer late in answers.Where(answer => !answer.IsGrant && answer.TimeToLive > 0))
        {
            LeaseEnd? gone = ends.LastOrDefault(end => end.Time < late.Begin);
            bool isGrantedAnew = gone is not null && grants.Exists(grant => grant > gone.Time);
            _findings.Require(
                gone is null || isGrantedAnew, $"Lease {lease} ended at {gone?.Time}, was kept alive by {late}.");
        }

        CheckDenials(answers, ends);
    }

    private void CheckEnd(LeaseEnd end, List<LeaseAnswer> life)
    {
        if (end.IsRevoked)
            return;
        foreach (LeaseAnswer promise in life.Where(answer => answer.TimeToLive > 0))
        {
            long earliest = EarliestEnd(promise);
            _findings.Require(
                end.Time >= earliest,
                $"Lease {end.Lease} ended at {end.Time}, and was to live until {earliest} because of {promise}.");
        }
    }

    /// <summary>Checks answers that a lease is gone: it must have ended, or its time be over.</summary>
    private void CheckDenials(List<LeaseAnswer> answers, List<LeaseEnd> ends)
    {
        foreach (LeaseAnswer denial in answers.Where(answer => answer.TimeToLive <= 0))
        {
            LeaseAnswer? promise = answers.LastOrDefault(answer => answer.TimeToLive > 0 && answer.End < denial.Begin);
            _findings.Require(
                promise is null
                || denial.End >= EarliestEnd(promise)
                || ends.Exists(end => end.Time <= denial.End && end.Time >= promise.Begin),
                $"A client was told that a lease is gone, {denial}, after {promise}, and nobody ended it.");
        }
    }

    private long EarliestEnd(LeaseAnswer promise) =>
        promise.Begin + (long)(promise.TimeToLive * (1 - _drift));

    private void CheckKeys(LeaseEnd end)
    {
        if (end.Revision.IsZero)
            return;
        string[] keys = [.. LeaseEnds.KeysOf(_log, end.Lease, new(end.Revision.Value - 1))];
        _findings.Require(
            LeaseEnds.Deletes(_log, end.Revision, end.Lease),
            $"Lease {end.Lease} with the keys [{string.Join(", ", keys)}] ended in {end.Revision}, "
            + $"which made {StoreText.Of(_log.At(end.Revision))}.");
    }

    /// <summary>Checks that what was attached to a lease that is gone is gone too, and stays so.</summary>
    private void CheckKeysOfEnded(IReadOnlyCollection<LeaseEnd> ends, IReadOnlyCollection<LeaseAnswer> answers)
    {
        ILookup<LeaseId, LeaseAnswer> grants = answers.Where(answer => answer.IsGrant).ToLookup(answer => answer.Lease);
        Dictionary<LeaseId, LeaseEnd> gone = [];
        foreach (LeaseEnd end in ends.Where(end => grants[end.Lease].Count() < 2))
            gone.TryAdd(end.Lease, end);
        foreach (KeyValue kv in _log.Read(KeyRange.All, _log.Last).Where(kv => gone.ContainsKey(kv.Lease)))
            _findings.Add($"Lease {kv.Lease} ended, and its key is still there: {StoreText.Of(kv)}.");

        foreach (Change change in _log.Changes)
        {
            foreach (KeyValue kv in change.Events.Select(one => one.KeyValue))
            {
                bool isLate = gone.TryGetValue(kv.Lease, out LeaseEnd? end)
                    && (end.Revision.IsZero ? change.Time > end.Time : change.Revision > end.Revision);
                _findings.Require(!isLate, $"{StoreText.Of(kv)} was put with a lease that had ended: {end}.");
            }
        }
    }
}
