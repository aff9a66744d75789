using Coord.Kv;
using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Agent;

/// <summary>Reads the spec that an assignment means: that of its revision.</summary>
internal sealed class SlotSpecs(NodeLife life)
{
    /// <summary>Returns the spec, or why there is none. Tries until the store answers or the session is lost.</summary>
    public async Task<(UnitSpec? Spec, string Problem)> ReadAsync(Assignment assignment)
    {
        KeyRange key = KeyRange.Single(life.Keys.Spec(assignment.Slot.Unit));
        GetOptions then = new() { Revision = new(assignment.SpecRevision) };
        try
        {
            GetResult found = await StoreRetry.UntilAnsweredAsync(
                async token =>
                {
                    try
                    {
                        return await life.Store.GetAsync(key, then, token).ConfigureAwait(false);
                    }
                    catch (CompactedException)
                    {
                        // History is gone, and the key as it is now is the same one, or the planner is about to say so.
                        return await life.Store.GetAsync(key, null, token).ConfigureAwait(false);
                    }
                },
                life.Clock,
                life.Session.Lost).ConfigureAwait(false);
            if (found.First is not { } keyValue)
                return (null, $"There is no spec of {assignment.Slot.Unit} any more.");
            return SchedulerJson.TryRead(
                keyValue, SchedulerJson.Default.UnitSpec, out UnitSpec? spec, out string? problem)
                    ? (spec, "")
                    : (null, problem);
        }
        catch (OperationCanceledException)
        {
            return (null, "The node lost its lease.");
        }
    }
}
