using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>Where a caller goes on who awaited something of the node's.</summary>
public sealed class PooledCompletionTests
{
    [Fact]
    public async Task A_caller_goes_on_on_the_thread_pool()
    {
        TestCompletion completion = new();
        using ManualResetEventSlim blocked = new();
        Task<int> caller = CallAsync(completion.BeginAsync(default), () => blocked.Wait());
        completion.Complete(7);
        Assert.False(caller.IsCompleted);
        blocked.Set();
        Assert.Equal(7, await caller);
    }

    [Fact]
    public void A_caller_who_is_answered_here_has_gone_on_when_that_returns()
    {
        TestCompletion completion = new();
        for (int i = 0; i < 3; i++)
        {
            Task<int> caller = CallAsync(completion.BeginAsync(default), () => { });
            completion.CompleteHere(i);
            Assert.True(caller.IsCompletedSuccessfully);
            Assert.Equal((i + 1, i + 1), (completion.LetGo, completion.Returned));
        }
    }

    [Fact]
    public async Task A_caller_who_gave_up_is_not_answered_here()
    {
        TestCompletion completion = new();
        using CancellationTokenSource cancel = new();
        Task<int> caller = CallAsync(completion.BeginAsync(cancel.Token), () => { });
        await cancel.CancelAsync();
        completion.CompleteHere(1);
        await Assert.ThrowsAsync<OperationCanceledException>(() => caller);
    }

    private static async Task<int> CallAsync(ValueTask<int> answer, Action next)
    {
        int result = await answer.ConfigureAwait(false);
        next();
        return result;
    }

    private sealed class TestCompletion : PooledCompletion<int>
    {
        public int LetGo { get; private set; }

        public int Returned { get; private set; }

        protected override void OnLetGo() => LetGo++;

        protected override void ReturnToPool() => Returned++;
    }
}
