using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>One leads after the other, and what a leader does ends before its lease does.</summary>
public sealed class LeaderElectionTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Candidates_lead_in_the_order_in_which_they_stood(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        LeaderElection election = Election(recipe);
        Assert.Null(await election.GetLeaderAsync());
        CoordinationSession session = await recipe.SessionAsync();
        Leadership first = await election.CampaignAsync(session, "one");
        Task<Leadership> second = election.CampaignAsync(await recipe.SessionAsync(), "two").AsTask();
        await recipe.CountAsync("e/", 2);

        KeyValue? leader = await election.GetLeaderAsync();
        Assert.Equal(($"e/{session.Lease.Value:x}", "one"), (leader!.KeyString, leader.ValueString));
        await first.ProclaimAsync("one, again");
        leader = await election.GetLeaderAsync();
        Assert.Equal(
            ("one, again", first.FencingToken.Value, session.Lease),
            (leader!.ValueString, leader.CreateRevision.Value, leader.Lease));

        Assert.False(second.IsCompleted);
        await first.ResignAsync();
        Leadership next = await Soon.Done(second);
        Assert.True(next.FencingToken > first.FencingToken);
        Assert.Equal("two", (await election.GetLeaderAsync())!.ValueString);
        await Assert.ThrowsAsync<NotHeldException>(() => first.ProclaimAsync("three").AsTask());
        Assert.False(session.IsLost);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Observers_see_each_leader_and_what_it_proclaims_and_that_there_is_none(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        LeaderElection election = Election(recipe);
        await using IAsyncEnumerator<KeyValue?> observer = election.ObserveAsync().GetAsyncEnumerator();
        Assert.Null(await NextAsync());

        Leadership first = await election.CampaignAsync(await recipe.SessionAsync(), "one");
        Assert.Equal("one", await NextAsync());
        await first.ProclaimAsync("uno");
        Assert.Equal("uno", await NextAsync());
        await first.ResignAsync();
        Assert.Null(await NextAsync());

        CoordinationSession session = await recipe.SessionAsync();
        await election.CampaignAsync(session, "two");
        Task<Leadership> third = election.CampaignAsync(await recipe.SessionAsync(), "three").AsTask();
        await recipe.CountAsync("e/", 2);
        Assert.Equal("two", await NextAsync());
        await recipe.Store.RevokeLeaseAsync(session.Lease);
        Assert.Equal("three", await NextAsync());
        await third;

        async Task<string?> NextAsync()
        {
            Assert.True(await Soon.Done(observer.MoveNextAsync()));
            return observer.Current?.ValueString;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_observer_outlives_a_compaction(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        LeaderElection election = Election(recipe);
        Leadership first = await election.CampaignAsync(await recipe.SessionAsync(), "one");
        await using IAsyncEnumerator<KeyValue?> observer = election.ObserveAsync().GetAsyncEnumerator();
        Assert.True(await Soon.Done(observer.MoveNextAsync()));
        for (int i = 0; i < 10; i++)
            await first.ProclaimAsync($"{i}");
        PutResult last = await recipe.Store.PutAsync("other", "");
        await recipe.Store.CompactAsync(last.Revision);
        Assert.True(await Soon.Done(observer.MoveNextAsync()));
        Assert.Equal("9", observer.Current?.ValueString);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_lease_is_released_only_after_the_callback_has_returned(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        using CancellationTokenSource stop = new();
        TaskCompletionSource leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource windUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Leadership? leadership = null;
        CancellationToken seen = default;
        Task running = Election(recipe).RunAsync(
            "one"u8.ToArray(),
            async (held, token) =>
            {
                (leadership, seen) = (held, token);
                leads.SetResult();
                await windUp.Task;
                token.ThrowIfCancellationRequested();
            },
            stop.Token);
        await Soon.Done(leads.Task);
        Task<Leadership> next = Election(recipe).CampaignAsync(await recipe.SessionAsync(), "two").AsTask();
        await recipe.CountAsync("e/", 2);

        await stop.CancelAsync();
        await Soon.Cancelled(seen);
        Assert.False(running.IsCompleted);
        Assert.False(next.IsCompleted);
        Assert.False(leadership!.Session.IsLost);
        Assert.Equal("one", (await Election(recipe).GetLeaderAsync())!.ValueString);

        windUp.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(running));
        Assert.True(leadership.Session.IsLost);
        await Soon.Done(next);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task After_a_loss_the_callback_is_stopped_and_runs_again_after_the_next_victory(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<string> log = [];
        FencingToken last = default;
        Task running = Election(recipe).RunAsync("one"u8.ToArray(), async (held, token) =>
        {
            Assert.True(held.FencingToken > last);
            last = held.FencingToken;
            log.Add("begins");
            if (log.Count > 1)
                return;
            await recipe.Store.RevokeLeaseAsync(held.Session.Lease, CancellationToken.None);
            await Soon.Cancelled(token);
            log.Add("ends");
            token.ThrowIfCancellationRequested();
        });
        await Soon.Done(running);
        Assert.Equal(["begins", "ends", "begins"], log);
        Assert.Empty(await recipe.KeysAsync("e/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_the_callback_throws_ends_the_leadership_and_comes_out(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        Task running = Election(recipe).RunAsync(
            "one"u8.ToArray(), (_, _) => Task.FromException(new InvalidOperationException("Enough.")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Soon.Done(running));
        Assert.Empty(await recipe.KeysAsync("e/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Processes_that_run_lead_one_at_a_time(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        int leading = 0;
        int turns = 0;
        Task[] processes = [.. Enumerable.Range(0, 5).Select(_ => Task.Run(() => Election(recipe).RunAsync(
            "x"u8.ToArray(),
            async (_, _) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref leading));
                await Task.Yield();
                turns++;
                Interlocked.Decrement(ref leading);
            })))];
        await Soon.Done(Task.WhenAll(processes));
        Assert.Equal(5, turns);
    }

    private static LeaderElection Election(RecipeStore recipe) =>
        new(recipe.Store, "e", new() { TimeProvider = recipe.Clock });
}
