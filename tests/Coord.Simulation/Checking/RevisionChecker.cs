using Coord.Kv;
using StoreCall = Coord.Simulation.Checking.Call<
    Coord.Simulation.Checking.StoreInput, Coord.Kv.TransactionResult>;

namespace Coord.Simulation.Checking;

/// <summary>
/// Checks calls of the store against the log of its changes: linearizability without a search, in the time that sorting
/// takes, because each reply says at which revision it was made.
/// </summary>
/// <remarks>
/// What must hold:
/// <list type="number">
/// <item>A reply is what the transaction answers at its revision when it is done once more.</item>
/// <item>A write's revision has exactly its changes, and is nobody else's.</item>
/// <item>
/// Real time: a call's revision is not below any that was told before the call began, and a write's is above. A
/// serializable read may be behind; what it shows must have existed as a whole all the same.
/// </item>
/// <item>
/// Each revision has a cause: a call that was answered, one of unknown outcome (each at most once, and not before it
/// began), the end of a lease, or somebody whom the caller of this knows of.
/// </item>
/// </list>
/// </remarks>
internal sealed class RevisionChecker
{
    private readonly ChangeLog _log;
    private readonly Findings _findings = new();
    private readonly Dictionary<Revision, StoreCall> _writers = [];
    private readonly Func<Change, bool> _isForeign;

    private RevisionChecker(ChangeLog log, Func<Change, bool> isForeign) => (_log, _isForeign) = (log, isForeign);

    /// <summary>Checks calls.</summary>
    /// <param name="log">All changes that were made.</param>
    /// <param name="calls">All calls that can have made them.</param>
    /// <param name="isForeign">Tells whether a change was made by somebody whose calls are not among these.</param>
    public static Findings Check(
        ChangeLog log, IReadOnlyCollection<StoreCall> calls, Func<Change, bool>? isForeign = null)
    {
        RevisionChecker checker = new(log, isForeign ?? (static _ => false));
        Dictionary<StoreCall, Revision> floors = Floors(calls);
        foreach (StoreCall call in calls.Where(call => call.IsKnown))
            checker.CheckReply(call, floors[call]);
        checker.FindCauses(
            [.. calls.Where(call => call.Outcome is CallOutcome.Unknown && call.Input.CanWrite)], floors);
        return checker._findings;
    }

    /// <summary>Works out what the newest revision was that somebody had been told before each call began.</summary>
    private static Dictionary<StoreCall, Revision> Floors(IReadOnlyCollection<StoreCall> calls)
    {
        StoreCall[] byEnd = [.. calls.Where(call => call.IsKnown).OrderBy(call => call.End)];
        Dictionary<StoreCall, Revision> floors = new(ReferenceEqualityComparer.Instance);
        Revision floor = Revision.Zero;
        int ended = 0;
        foreach (StoreCall call in calls.OrderBy(call => call.Begin))
        {
            for (; ended < byEnd.Length && byEnd[ended].End < call.Begin; ended++)
                floor = byEnd[ended].Output!.Revision > floor ? byEnd[ended].Output!.Revision : floor;
            floors[call] = floor;
        }

        return floors;
    }

    private void CheckReply(StoreCall call, Revision floor)
    {
        Revision revision = call.Output!.Revision;
        if (revision < _log.First || revision > _log.Last)
        {
            _findings.Add($"There is no {revision}, the newest is {_log.Last}: {call}");
            return;
        }

        long seen = _log.TimeOf(revision);
        _findings.Require(seen <= call.End, $"{revision} was not there before {seen}: {Text(call)}");
        if (IsReadAt(call, revision))
        {
            _findings.Require(
                call.Input.IsSerializable || revision >= floor, $"{floor} had been told before: {Text(call)}");
            return;
        }

        if (!IsWriteAt(call, revision))
        {
            _findings.Add(Explain(call, revision));
            return;
        }

        _findings.Require(revision > floor, $"{floor} had been told before this wrote: {Text(call)}");
        if (!_writers.TryAdd(revision, call))
            _findings.Add($"{revision} was made twice: {Text(_writers[revision])} and {Text(call)}");
    }

    private bool IsReadAt(StoreCall call, Revision revision)
    {
        Replayed replayed = TransactionReplay.Run(_log, revision, call.Input.Transaction);
        return replayed is { Result: { } result, Events.Count: 0 }
            && StoreText.Of(result) == StoreText.Of(call.Output!);
    }

    private bool IsWriteAt(StoreCall call, Revision revision)
    {
        if (revision == _log.First)
            return false;
        Replayed replayed = TransactionReplay.Run(_log, Before(revision), call.Input.Transaction);
        return replayed is { Result: { } result }
            && Makes(replayed, revision)
            && StoreText.Of(result) == StoreText.Of(call.Output!);
    }

    private bool Makes(Replayed replayed, Revision revision) =>
        replayed.Events.Count > 0 && StoreText.Of(replayed.Events) == StoreText.Of(_log.At(revision));

    private string Explain(StoreCall call, Revision revision)
    {
        Replayed write = revision > _log.First
            ? TransactionReplay.Run(_log, Before(revision), call.Input.Transaction)
            : new(null, []);
        if (write.Events.Count > 0)
        {
            return $"{revision} made {StoreText.Of(_log.At(revision))}, and this would have made "
                + $"{StoreText.Of(write.Events)} and answered {Answer(write)}: {Text(call)}";
        }

        Replayed read = TransactionReplay.Run(_log, revision, call.Input.Transaction);
        return $"At {revision} the answer is {Answer(read)}: {Text(call)}";
    }

    /// <summary>Finds a cause for each revision that no answered call made.</summary>
    private void FindCauses(List<StoreCall> unknown, Dictionary<StoreCall, Revision> floors)
    {
        List<Change> unexplained =
        [
            .. _log.Changes.Where(change => !_writers.ContainsKey(change.Revision)
                && LeaseEnds.Find(_log, change.Revision) is null
                && !_isForeign(change)),
        ];
        CauseMatching matching = new(unexplained.Count, unknown.Count);
        foreach ((int i, Change change) in unexplained.Index())
        {
            foreach ((int j, StoreCall call) in unknown.Index())
            {
                if (CanHaveMade(call, change, floors[call]))
                    matching.Allow(i, j);
            }
        }

        foreach (int i in matching.FindUnmatched())
            _findings.Add($"Nobody made {unexplained[i].Revision}: {StoreText.Of(unexplained[i].Events)}");
    }

    private bool CanHaveMade(StoreCall call, Change change, Revision floor) =>
        floor < change.Revision
        && (change.Time == 0 || call.Begin <= change.Time)
        && Makes(TransactionReplay.Run(_log, Before(change.Revision), call.Input.Transaction), change.Revision);

    private static Revision Before(Revision revision) => new(revision.Value - 1);

    private static string Answer(Replayed replayed) =>
        replayed.Result is { } result ? StoreText.Of(result) : $"refused, because {replayed.Refusal}";

    private static string Text(StoreCall call) =>
        $"client {call.Client} [{call.Begin}, {call.End}] {call.Input} -> {StoreText.Of(call.Output!)}";
}
