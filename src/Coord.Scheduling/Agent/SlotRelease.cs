using Coord.Kv;
using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Agent;

/// <summary>
/// Gives a slot back: deletes its assignment, which tells the planner that nothing of it runs here any more.
/// </summary>
/// <remarks>Called after the run has ended, never before. The deletion compares the runner's token.</remarks>
internal sealed class SlotRelease(NodeLife life, SlotId slot)
{
    /// <summary>Deletes the assignment and a request to stop, and does more with it, all or nothing.</summary>
    /// <param name="wish">What is wanted: whose assignment it is.</param>
    /// <param name="operations">What else is to be done.</param>
    public async Task ReleaseAsync(Func<SlotWish> wish, params Operation[] operations)
    {
        KeyRange key = KeyRange.Single(life.Keys.Assignment(life.Node, slot));
        SlotWish mine = wish();
        Revision revision = new(mine.ModRevision);
        try
        {
            while (true)
            {
                Revision expected = revision;
                TransactionResult result = await StoreRetry.UntilAnsweredAsync(
                    token => life.Store.CommitAsync(Release(key, expected, operations), token),
                    life.Clock,
                    life.Session.Lost).ConfigureAwait(false);
                if (result.Succeeded || result.Results[0].Get!.First is not { } present)
                    return;

                // Rewritten for the same runner it is still ours to give back; for another one it is not.
                if (!SchedulerJson.TryRead(present, SchedulerJson.Default.AssignmentValue, out var value, out _)
                    || value.Token != mine.Assignment.Token)
                {
                    return;
                }

                revision = present.ModRevision;
            }
        }
        catch (OperationCanceledException)
        {
            // The lease is gone, and with it the assignment is void: nobody waits for a confirmation.
        }
    }

    private Transaction Release(KeyRange key, Revision expected, Operation[] operations) =>
        Transaction.If(Comparison.OfModRevision(key, ComparisonOperator.Equal, expected))
            .Then(
            [
                Operation.Delete(key),
                Operation.Delete(KeyRange.Single(life.Keys.Stop(life.Node, slot))),
                .. operations,
            ])
            .Else(Operation.Get(key));
}
