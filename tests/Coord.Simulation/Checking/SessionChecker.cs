namespace Coord.Simulation.Checking;

/// <summary>Checks that commands sent under sessions, however often, were applied exactly once.</summary>
/// <remarks>
/// What must hold:
/// <list type="number">
/// <item>No command is applied twice, and none that nobody sent.</item>
/// <item>What was answered was applied, with the result that was answered; what failed for certain was not.</item>
/// <item>Real time: what was answered before another was sent was applied before it.</item>
/// </list>
/// </remarks>
internal static class SessionChecker
{
    /// <summary>Checks commands.</summary>
    /// <param name="calls">What clients sent, with different commands.</param>
    /// <param name="applied">What the state machine applied, in its order.</param>
    public static Findings Check(IReadOnlyCollection<SessionCall> calls, IReadOnlyList<Applied> applied)
    {
        Findings findings = new();
        Dictionary<string, int> places = [];
        HashSet<string> sent = [.. calls.Select(call => call.Command)];
        foreach ((int place, Applied one) in applied.Index())
        {
            findings.Require(places.TryAdd(one.Command, place), $"Command {one.Command} was applied twice.");
            findings.Require(sent.Contains(one.Command), $"Command {one.Command} was applied; nobody sent it.");
        }

        foreach (SessionCall call in calls)
            CheckOutcome(call, places, applied, findings);
        CheckOrder(calls, places, findings);
        return findings;
    }

    private static void CheckOutcome(
        SessionCall call, Dictionary<string, int> places, IReadOnlyList<Applied> applied, Findings findings)
    {
        bool isApplied = places.TryGetValue(call.Command, out int place);
        switch (call.Outcome)
        {
            case CallOutcome.Ok:
                findings.Require(isApplied, $"{call} was answered and not applied.");
                findings.Require(
                    !isApplied || applied[place].Result == call.Result,
                    $"{call} was answered, but applying it gave {applied[place].Result}.");
                break;
            case CallOutcome.Failed:
                findings.Require(!isApplied, $"{call} failed for certain, and was applied.");
                break;
        }
    }

    private static void CheckOrder(
        IReadOnlyCollection<SessionCall> calls, Dictionary<string, int> places, Findings findings)
    {
        SessionCall[] byEnd =
        [
            .. calls.Where(call => call.Outcome is CallOutcome.Ok && places.ContainsKey(call.Command))
                .OrderBy(call => call.End),
        ];
        int ended = 0;
        int last = -1;
        foreach (SessionCall call in calls.OrderBy(call => call.Begin))
        {
            for (; ended < byEnd.Length && byEnd[ended].End < call.Begin; ended++)
                last = Math.Max(last, places[byEnd[ended].Command]);
            findings.Require(
                !places.TryGetValue(call.Command, out int place) || place > last,
                $"{call} was applied at {place}, before one at {last} that had been answered when it was sent.");
        }
    }
}
