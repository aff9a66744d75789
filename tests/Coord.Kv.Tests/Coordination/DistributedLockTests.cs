using Coord.Kv.Coordination;
using Coord.Raft;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Waiters get the lock in order, whatever becomes of the others.</summary>
public sealed class DistributedLockTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Waiters_get_it_in_the_order_in_which_they_came_and_tokens_grow(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        List<Task<CoordinationHandle>> waiters = [];
        for (int i = 0; i < 5; i++)
        {
            waiters.Add(new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync().AsTask());
            await recipe.CountAsync("l/", i + 1);
        }

        FencingToken last = default;
        for (int i = 0; i < waiters.Count; i++)
        {
            CoordinationHandle held = await Soon.Done(waiters[i]);
            Assert.All(waiters.Skip(i + 1), waiter => Assert.False(waiter.IsCompleted));
            Assert.True(held.FencingToken > last);
            last = held.FencingToken;
            await held.ReleaseAsync();
            Assert.False(held.Lost.IsCancellationRequested);
        }

        Assert.Empty(await recipe.KeysAsync("l/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Its_keys_are_those_of_etcds_recipe(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationSession session = await recipe.SessionAsync();
        for (int i = 0; i < 2; i++)
        {
            await using CoordinationHandle held = await new DistributedLock(session, "a/b").AcquireAsync();
            Assert.Equal($"a/b/{session.Lease.Value:x}", held.Key);
            KeyValue? key = await recipe.Store.GetAsync(held.Key);
            Assert.Equal((session.Lease, held.FencingToken.Value), (key!.Lease, key.CreateRevision.Value));
        }

        // As etcdctl would hold it: the lock waits for it.
        await recipe.Store.PutAsync("a/b/stranger", "");
        Task<CoordinationHandle> waiter = new DistributedLock(session, "a/b").AcquireAsync().AsTask();
        await recipe.CountAsync("a/b/", 2);
        Assert.False(waiter.IsCompleted);
        await recipe.Store.DeleteAsync("a/b/stranger");
        await Soon.Done(waiter);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Tasks_that_share_a_session_exclude_each_other(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationSession session = await recipe.SessionAsync();
        CoordinationHandle first = await new DistributedLock(session, "l").AcquireAsync();
        Task<CoordinationHandle> second = new DistributedLock(session, "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 2);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        Assert.True((await Soon.Done(second)).FencingToken > first.FencingToken);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_next_gets_it_when_the_holders_lease_ends_and_the_holder_learns_of_it(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationSession holder = await recipe.SessionAsync();
        CoordinationHandle held = await new DistributedLock(holder, "l").AcquireAsync();
        Task<CoordinationHandle> next = new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 2);

        await recipe.Store.RevokeLeaseAsync(holder.Lease);
        CoordinationHandle after = await Soon.Done(next);
        Assert.True(after.FencingToken > held.FencingToken);
        await Soon.Cancelled(held.Lost);
        await Soon.Cancelled(holder.Lost);

        // What the old holder does under its token does not happen any more; under the new one it does.
        Operation put = Operation.Put("x"u8.ToArray(), default);
        Assert.False((await recipe.Store.CommitAsync(Transaction.If(held.Held).Then(put))).Succeeded);
        Assert.True((await recipe.Store.CommitAsync(Transaction.If(after.Held).Then(put))).Succeeded);
        await held.ReleaseAsync();
        await held.DisposeAsync();
        Assert.Single(await recipe.KeysAsync("l/"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_holder_learns_that_somebody_deleted_its_key_and_its_session_lives_on(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationSession session = await recipe.SessionAsync();
        CoordinationHandle held = await new DistributedLock(session, "l").AcquireAsync();
        await recipe.Store.DeleteAsync(held.Key);
        await Soon.Cancelled(held.Lost);
        Assert.True(held.IsLost);
        Assert.False(session.IsLost);
        await held.DisposeAsync();
        await using CoordinationHandle again = await new DistributedLock(session, "l").AcquireAsync();
        Assert.True(again.FencingToken > held.FencingToken);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task When_a_waiter_in_the_middle_leaves_those_behind_it_wait_for_those_before_it(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync();
        using CancellationTokenSource leave = new();
        Task<CoordinationHandle> middle =
            new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync(leave.Token).AsTask();
        await recipe.CountAsync("l/", 2);
        Task<CoordinationHandle> last = new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 3);

        await leave.CancelAsync();
        OperationCanceledException left =
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(middle));
        Assert.Equal(leave.Token, left.CancellationToken);
        await recipe.CountAsync("l/", 2);
        if (recipe.Store is MemoryStore store)
            await Soon.Is(() => store.Watches.SequenceEqual([first.Key, first.Key]));
        Assert.False(last.IsCompleted);
        await first.DisposeAsync();
        await Soon.Done(last);
    }

    [Fact]
    public async Task Each_waiter_watches_only_the_one_before()
    {
        await using RecipeStore recipe = RecipeStore.Open(StoreKind.Memory);
        MemoryStore store = (MemoryStore)recipe.Store;
        List<string> keys = [];
        for (int i = 0; i < 4; i++)
        {
            CoordinationSession session = await recipe.SessionAsync();
            keys.Add($"l/{session.Lease.Value:x}");
            _ = new DistributedLock(session, "l").AcquireAsync().AsTask();
            await recipe.CountAsync("l/", i + 1);
        }

        // The holder watches its own key.
        await Soon.Is(() => store.Watches.Order().SequenceEqual([keys[0], keys[0], keys[1], keys[2]]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_waiter_whose_lease_ends_says_so_and_never_gets_it(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync();
        CoordinationSession session = await recipe.SessionAsync();
        Task<CoordinationHandle> waiter = new DistributedLock(session, "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 2);
        await recipe.Store.RevokeLeaseAsync(session.Lease);
        await first.DisposeAsync();
        await Assert.ThrowsAsync<SessionLostException>(() => Soon.Done(waiter));
        await Soon.Cancelled(session.Lost);
        await Assert.ThrowsAsync<SessionLostException>(
            () => new DistributedLock(session, "l").AcquireAsync().AsTask());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_waiter_whose_key_somebody_deleted_says_so(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync();
        CoordinationSession session = await recipe.SessionAsync();
        Task<CoordinationHandle> waiter = new DistributedLock(session, "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 2);
        await recipe.Store.DeleteAsync($"l/{session.Lease.Value:x}");
        await first.DisposeAsync();
        NotHeldException gone = await Assert.ThrowsAsync<NotHeldException>(() => Soon.Done(waiter));
        Assert.Equal(Outcome.DidNotHappen, gone.Outcome);
        Assert.False(session.IsLost);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Trying_without_time_leaves_nothing_behind_when_it_is_taken(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedLock mine = new(await recipe.SessionAsync(), "l");
        DistributedLock theirs = new(await recipe.SessionAsync(), "l");
        CoordinationHandle? held = await mine.TryAcquireAsync(TimeSpan.Zero);
        Assert.NotNull(held);
        Assert.Null(await theirs.TryAcquireAsync(TimeSpan.Zero));
        Assert.Equal([held.Key], await recipe.KeysAsync("l/"));
        await held.DisposeAsync();
        Assert.NotNull(await theirs.TryAcquireAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task Trying_ends_when_the_time_is_over_and_the_place_in_line_is_given_up()
    {
        await using RecipeStore recipe = RecipeStore.Open(StoreKind.Memory);
        DistributedLock mine = new(await recipe.SessionAsync(), "l");
        DistributedLock theirs = new(await recipe.SessionAsync(), "l");
        CoordinationHandle held = await mine.AcquireAsync();
        Task<CoordinationHandle?> trying = theirs.TryAcquireAsync(TimeSpan.FromSeconds(2)).AsTask();
        await recipe.CountAsync("l/", 2);
        recipe.Clock.Leap(1);
        Assert.False(trying.IsCompleted);
        recipe.Clock.Leap(1);
        Assert.Null(await Soon.Done(trying));
        await recipe.CountAsync("l/", 1);

        trying = theirs.TryAcquireAsync(TimeSpan.FromSeconds(2)).AsTask();
        await recipe.CountAsync("l/", 2);
        await held.DisposeAsync();
        Assert.NotNull(await Soon.Done(trying));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => mine.TryAcquireAsync(TimeSpan.FromSeconds(-2)).AsTask());
    }

    [Fact]
    public async Task A_lost_answer_costs_neither_the_place_in_line_nor_a_second_key()
    {
        FakeTimeProvider clock = new();
        MemoryStore store = new(clock);
        await using CoordinationSession session =
            await CoordinationSession.CreateAsync(store, new() { TimeProvider = clock });
        int lost = 0;
        store.After = name => name == "commit" && lost++ < 3 ? new OutcomeUnknownException("Who knows.") : null;
        Task<CoordinationHandle> acquiring = new DistributedLock(session, "l").AcquireAsync().AsTask();
        await Soon.Is(() =>
        {
            clock.Leap(0.1);
            return acquiring.IsCompleted;
        });
        CoordinationHandle held = await acquiring;
        Assert.Equal([held.Key], store.Keys);
        Assert.Equal(2, held.FencingToken.Value);

        lost = 0;
        Task release = held.ReleaseAsync().AsTask();
        await Soon.Is(() =>
        {
            clock.Leap(0.1);
            return release.IsCompleted;
        });
        await release;
        Assert.Empty(store.Keys);
    }

    [Fact]
    public async Task Without_a_quorum_it_goes_on_trying_until_the_session_is_lost()
    {
        FakeTimeProvider clock = new();
        MemoryStore store = new(clock);
        await using CoordinationSession session =
            await CoordinationSession.CreateAsync(store, new() { TimeProvider = clock });
        store.Before = _ => new ProposalDroppedException("There is no leader.");
        Task<CoordinationHandle> acquiring = new DistributedLock(session, "l").AcquireAsync().AsTask();
        for (int i = 0; i < 134; i++)
            clock.Leap(0.1);
        Assert.False(acquiring.IsCompleted);
        clock.Leap(0.1);
        await Assert.ThrowsAsync<SessionLostException>(() => Soon.Done(acquiring));
    }

    [Fact]
    public async Task What_does_not_pass_ends_the_acquisition_and_leaves_nothing_behind()
    {
        FakeTimeProvider clock = new();
        MemoryStore store = new(clock);
        await using CoordinationSession session =
            await CoordinationSession.CreateAsync(store, new() { TimeProvider = clock });
        store.After = _ => new SpaceExceededException(1);
        await Assert.ThrowsAsync<SpaceExceededException>(
            () => new DistributedLock(session, "l").AcquireAsync().AsTask());
        store.After = null;

        // The first removal was refused too, but the session has not forgotten.
        await Soon.Is(() =>
        {
            clock.Leap(0.1);
            return store.Keys.Count == 0;
        });
    }

    [Fact]
    public async Task A_place_that_is_given_up_while_the_store_is_out_of_reach_goes_when_it_is_back()
    {
        FakeTimeProvider clock = new();
        MemoryStore store = new(clock);
        await using CoordinationSession session =
            await CoordinationSession.CreateAsync(store, new() { TimeProvider = clock });
        await store.PutAsync("l/stranger", "");
        using CancellationTokenSource leave = new();
        Task<CoordinationHandle> acquiring = new DistributedLock(session, "l").AcquireAsync(leave.Token).AsTask();
        await Soon.Is(() => store.Keys.Count == 2);
        store.Before = name => name == "commit" ? new NotLeaderException(NodeId.None) : null;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(acquiring));
        Assert.Equal(2, store.Keys.Count);
        store.Before = null;
        await Soon.Is(() =>
        {
            clock.Leap(0.1);
            return store.Keys.SequenceEqual(["l/stranger"]);
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_wait_outlives_a_compaction_of_what_it_waits_for(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        CoordinationHandle first = await new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync();
        Task<CoordinationHandle> next = new DistributedLock(await recipe.SessionAsync(), "l").AcquireAsync().AsTask();
        await recipe.CountAsync("l/", 2);
        for (int i = 0; i < 10; i++)
            await recipe.Store.PutAsync("other", "");
        await first.DisposeAsync();
        PutResult last = await recipe.Store.PutAsync("other", "");
        await recipe.Store.CompactAsync(last.Revision);
        await Soon.Done(next);
    }
}
