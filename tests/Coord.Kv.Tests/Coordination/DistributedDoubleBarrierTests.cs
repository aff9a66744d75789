using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>All begin together and end together, round after round, and the dead are not waited for.</summary>
public sealed class DistributedDoubleBarrierTests
{
    private const int Participants = 3;

    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task All_enter_when_the_last_has_come_and_leave_when_the_last_has_gone(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<Task<BarrierEntry>> entering = [];
        for (int i = 0; i < Participants - 1; i++)
        {
            entering.Add((await OpenAsync(recipe)).EnterAsync().AsTask());
            await recipe.CountAsync("d/", i + 1);
        }

        Assert.All(entering, entry => Assert.False(entry.IsCompleted));
        entering.Add((await OpenAsync(recipe)).EnterAsync().AsTask());
        BarrierEntry[] inside = await Soon.Done(Task.WhenAll(entering));
        Assert.Single(inside.Select(entry => entry.Round).Distinct());

        // One more has to wait for the next round.
        Task<BarrierEntry> late = (await OpenAsync(recipe)).EnterAsync().AsTask();
        List<Task> leaving = [.. inside.Skip(1).Select(entry => entry.LeaveAsync().AsTask())];
        await recipe.CountAsync("d/", 2);
        Assert.All(leaving, left => Assert.False(left.IsCompleted));
        Assert.False(late.IsCompleted);
        await Soon.Done(inside[0].LeaveAsync().AsTask());
        await Soon.Done(Task.WhenAll(leaving));
        await recipe.CountAsync("d/waiters/", 1);
        Assert.False(late.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rounds_follow_each_other_and_nobody_laps(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        const int Rounds = 20;
        int[] steps = new int[Participants];
        List<CoordinationSession> sessions = [];
        for (int i = 0; i < Participants; i++)
            sessions.Add(await recipe.SessionAsync());
        await Soon.Done(Task.WhenAll(sessions.Select((session, i) => Task.Run(async () =>
        {
            DistributedDoubleBarrier barrier = new(session, "d", Participants);
            for (int round = 0; round < Rounds; round++)
            {
                BarrierEntry entry = await barrier.EnterAsync();
                Assert.All(steps, step => Assert.InRange(step, round, round + 1));
                steps[i]++;
                await entry.LeaveAsync();
                Assert.All(steps, step => Assert.InRange(step, round + 1, round + 2));
            }
        }))));
        Assert.Empty(await recipe.KeysAsync("d/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_that_dies_before_is_replaced_and_one_that_dies_inside_is_not_waited_for(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationSession mortal = await recipe.SessionAsync();
        Task<BarrierEntry> dies = new DistributedDoubleBarrier(mortal, "d", Participants).EnterAsync().AsTask();
        Task<BarrierEntry> first = (await OpenAsync(recipe)).EnterAsync().AsTask();
        await recipe.CountAsync("d/waiters/", 2);
        await recipe.Store.RevokeLeaseAsync(mortal.Lease);
        await Assert.ThrowsAsync<SessionLostException>(() => Soon.Done(dies));

        CoordinationSession mortalToo = await recipe.SessionAsync();
        Task<BarrierEntry> second = new DistributedDoubleBarrier(mortalToo, "d", Participants).EnterAsync().AsTask();
        await recipe.CountAsync("d/waiters/", 2);
        Assert.False(first.IsCompleted || second.IsCompleted);
        BarrierEntry third = await Soon.Done((await OpenAsync(recipe)).EnterAsync());
        BarrierEntry lost = await Soon.Done(second);
        Task leaving = Task.WhenAll(third.LeaveAsync().AsTask(), (await Soon.Done(first)).LeaveAsync().AsTask());
        await recipe.CountAsync("d/waiters/", 1);
        Assert.False(leaving.IsCompleted);
        await recipe.Store.RevokeLeaseAsync(mortalToo.Lease);
        await Soon.Done(leaving);
        await Soon.Cancelled(lost.Lost);
        Assert.Empty(await recipe.KeysAsync("d/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_round_whose_participants_all_died_is_over_for_those_who_come_later(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<CoordinationSession> mortals = [];
        List<Task<BarrierEntry>> entering = [];
        for (int i = 0; i < Participants; i++)
        {
            mortals.Add(await recipe.SessionAsync());
            entering.Add(new DistributedDoubleBarrier(mortals[i], "d", Participants).EnterAsync().AsTask());
        }

        await Soon.Done(Task.WhenAll(entering));
        Task<BarrierEntry> next = (await OpenAsync(recipe)).EnterAsync().AsTask();
        foreach (CoordinationSession mortal in mortals)
            await recipe.Store.RevokeLeaseAsync(mortal.Lease);
        await recipe.CountAsync("d/waiters/", 1);
        Assert.Single(await recipe.KeysAsync("d/"));
        Assert.False(next.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_that_gives_up_leaves_no_place_taken(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        using CancellationTokenSource leave = new();
        Task<BarrierEntry> entering = (await OpenAsync(recipe)).EnterAsync(leave.Token).AsTask();
        await recipe.CountAsync("d/", 1);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(entering));
        await recipe.CountAsync("d/", 0);
    }

    private static async Task<DistributedDoubleBarrier> OpenAsync(RecipeStore recipe) =>
        new(await recipe.SessionAsync(), "d", Participants);
}
