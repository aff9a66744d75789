using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Checks one lock (or election) by the line of keys that stands for it in the store.</summary>
/// <remarks>
/// Who holds it at a revision is the owner of the oldest key of the line. What must hold:
/// <list type="number">
/// <item>Each token is of one grant, to one client.</item>
/// <item>When somebody is told that he holds it, his key has been the oldest at some revision.</item>
/// <item>A grant that was asked for after another was given has a greater token: nobody overtakes.</item>
/// <item>Accepted writes carry tokens that never decrease, each that of the holder when it was made.</item>
/// </list>
/// Two clients can both believe to hold it, after a pause say: that is no fault, and what fencing is for.
/// </remarks>
internal sealed class LockChecker
{
    private readonly ChangeLog _log;
    private readonly KeyRange _line;
    private readonly Findings _findings = new();

    // By token: the first revision after which its key was the oldest one.
    private readonly Dictionary<long, Revision> _turns = [];

    // By revision: the token of the oldest key after it; zero if there was none.
    private readonly Dictionary<Revision, long> _holders = [];

    private LockChecker(ChangeLog log, KeyRange line) => (_log, _line) = (log, line);

    /// <summary>Checks a lock.</summary>
    /// <param name="log">All changes that were made.</param>
    /// <param name="line">The keys of those who hold the lock or wait for it.</param>
    /// <param name="grants">What clients were told.</param>
    /// <param name="writes">The writes that were accepted.</param>
    public static Findings Check(
        ChangeLog log,
        KeyRange line,
        IReadOnlyCollection<LockGrant> grants,
        IReadOnlyCollection<GuardedWrite> writes)
    {
        LockChecker checker = new(log, line);
        checker.ReplayLine();
        checker.CheckGrants(grants);
        checker.CheckWrites(grants, writes);
        return checker._findings;
    }

    private void ReplayLine()
    {
        SortedDictionary<long, string> waiting = [];
        Dictionary<string, long> tokenOf = [];
        foreach (Change change in _log.Changes)
        {
            foreach (WatchEvent one in change.Events.Where(one => _line.Contains(one.KeyValue.Key.Span)))
            {
                string key = ChangeLog.TextOf(one.KeyValue.Key.Span);
                if (one.Kind is WatchEventKind.Delete && tokenOf.Remove(key, out long token))
                    waiting.Remove(token);
                else if (one.Kind is WatchEventKind.Put && tokenOf.TryAdd(key, one.KeyValue.CreateRevision.Value))
                    waiting[one.KeyValue.CreateRevision.Value] = key;
            }

            long holder = waiting.Count > 0 ? waiting.First().Key : 0;
            _holders[change.Revision] = holder;
            if (holder != 0)
                _turns.TryAdd(holder, change.Revision);
        }
    }

    private void CheckGrants(IReadOnlyCollection<LockGrant> grants)
    {
        foreach (IGrouping<long, LockGrant> same in grants.GroupBy(grant => grant.Token))
            _findings.Require(same.Count() == 1, $"Token {same.Key} was given {same.Count()} times: {same.First()}.");

        foreach (LockGrant grant in grants)
        {
            KeyValue? created = _log.Find(grant.Key, new(grant.Token));
            _findings.Require(
                created?.CreateRevision.Value == grant.Token,
                $"{grant}: its key was not created then, but is {created}.");
            bool hadTurn = _turns.TryGetValue(grant.Token, out Revision turn);
            _findings.Require(hadTurn, $"{grant}: its key was never the oldest.");
            _findings.Require(
                !hadTurn || _log.TimeOf(turn) <= grant.End,
                $"{grant}: its turn came with {turn}, at {_log.TimeOf(turn)}.");
        }

        // The greatest token that had been given before each was asked for.
        long greatest = 0;
        LockGrant[] byEnd = [.. grants.OrderBy(grant => grant.End)];
        int ended = 0;
        foreach (LockGrant grant in grants.OrderBy(grant => grant.Begin))
        {
            for (; ended < byEnd.Length && byEnd[ended].End < grant.Begin; ended++)
                greatest = Math.Max(greatest, byEnd[ended].Token);
            _findings.Require(grant.Token > greatest, $"{grant}: token {greatest} had been given before.");
        }
    }

    private void CheckWrites(IReadOnlyCollection<LockGrant> grants, IReadOnlyCollection<GuardedWrite> writes)
    {
        HashSet<(int Client, long Token)> given = [.. grants.Select(grant => (grant.Client, grant.Token))];
        long highest = 0;
        foreach (GuardedWrite write in writes.OrderBy(write => write.Revision))
        {
            _findings.Require(given.Contains((write.Client, write.Token)), $"{write}: nobody gave it that token.");
            _findings.Require(write.Token >= highest, $"{write} was accepted after one with token {highest}.");
            highest = Math.Max(highest, write.Token);
            long holder = _holders.GetValueOrDefault(new(write.Revision.Value - 1));
            _findings.Require(holder == write.Token, $"{write} was accepted while {holder} held the lock.");
        }
    }
}
