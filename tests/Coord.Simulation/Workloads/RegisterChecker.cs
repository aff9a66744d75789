using Coord.Raft;

namespace Coord.Simulation.Workloads;

/// <summary>Checks calls of registers by the revisions that they were answered with.</summary>
internal sealed class RegisterChecker
{
    private readonly List<string> _findings = [];
    private readonly Dictionary<string, RegisterCall> _writers = [];
    private readonly Dictionary<string, SortedList<long, RegisterCall>> _writes = [];

    public static IReadOnlyCollection<string> Check(IReadOnlyList<RegisterCall> calls)
    {
        RegisterChecker checker = new();
        checker.CollectWrites(calls);
        foreach (RegisterCall call in calls.Where(call => call.IsAnswered))
            checker.CheckValue(call);
        checker.CheckOrder(calls);
        return checker._findings;
    }

    private void CollectWrites(IReadOnlyList<RegisterCall> calls)
    {
        foreach (RegisterCall call in calls.Where(call => call.Written is not null))
        {
            _writers.Add(call.Written!, call);
            if (!call.HasWritten)
                continue;
            if (!_writes.TryGetValue(call.Key, out SortedList<long, RegisterCall>? writes))
                _writes.Add(call.Key, writes = []);
            if (!writes.TryAdd(call.Revision, call))
                _findings.Add($"Two writes have one revision: {call} and {writes[call.Revision]}");
        }
    }

    private void CheckValue(RegisterCall call)
    {
        switch (call.Kind)
        {
            case RegisterCallKind.Read:
                CheckFound(call, call.Revision, call.Value);
                break;
            case RegisterCallKind.Swap when call.HasWritten:
                CheckFound(call, call.Revision - 1, call.Expected);
                break;
            case RegisterCallKind.Swap:
                if (LastWrite(call.Key, call.Revision) is { } last && last.Written == call.Expected
                    && !MayHaveBeenOverwritten(call.Key, last, call.Revision))
                {
                    _findings.Add($"What was expected was there: {call}");
                }

                break;
        }
    }

    /// <summary>Checks that a value was there at a revision.</summary>
    private void CheckFound(RegisterCall call, long revision, string? value)
    {
        RegisterCall? last = LastWrite(call.Key, revision);
        if (value is null)
        {
            if (last is not null)
                _findings.Add($"Nothing was found, and there was {last}: {call}");
            return;
        }

        RegisterCall writer = _writers[value];
        if (writer.Outcome is Outcome.DidNotHappen || (writer.IsAnswered && !writer.HasWritten))
            _findings.Add($"Found what was not written: {writer}: {call}");
        else if (writer.HasWritten && writer != last)
            _findings.Add($"Found {writer} instead of {last}: {call}");
        else if (writer.Begin > call.End)
            _findings.Add($"Found what was written later by {writer}: {call}");
    }

    private RegisterCall? LastWrite(string key, long revision) =>
        _writes.GetValueOrDefault(key)?.LastOrDefault(write => write.Key <= revision).Value;

    /// <summary>Tells whether a call of unknown outcome may have written after another.</summary>
    private bool MayHaveBeenOverwritten(string key, RegisterCall write, long revision) =>
        revision > write.Revision
        && _writers.Values.Any(call => call.Key == key && call.Outcome is Outcome.Unknown && call.End > write.Begin);

    /// <summary>Real time and revisions agree: what ended before another began has no higher revision.</summary>
    private void CheckOrder(IReadOnlyList<RegisterCall> calls)
    {
        RegisterCall[] byEnd = [.. calls.Where(call => call.IsAnswered).OrderBy(call => call.End)];
        int ended = 0;
        RegisterCall? newest = null;
        foreach (RegisterCall call in calls.Where(call => call.IsAnswered).OrderBy(call => call.Begin))
        {
            for (; ended < byEnd.Length && byEnd[ended].End < call.Begin; ended++)
                newest = newest is null || byEnd[ended].Revision > newest.Revision ? byEnd[ended] : newest;
            if (newest is not null && call.Revision < newest.Revision + (call.HasWritten ? 1 : 0))
                _findings.Add($"Stale: {newest} had ended before {call}");
        }
    }
}
