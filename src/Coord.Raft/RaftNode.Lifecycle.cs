using Coord.Raft.Diagnostics;
using Coord.Raft.Driver;

namespace Coord.Raft;

/// <content>Stopping, whoever asks for it.</content>
public sealed partial class RaftNode
{
    private long Now() => (long)_timeProvider.GetElapsedTime(_startedAt).TotalNanoseconds;

    private NodeRuntime Running()
    {
        if (Volatile.Read(ref _lifecycle) == 1 && _runtime is { } runtime)
            return runtime;

        throw new NodeStoppedException("The node is not running.", Outcome.DidNotHappen);
    }

    private void Publish(RaftStatus status)
    {
        try
        {
            StatusChanged?.Invoke(status);
        }
#pragma warning disable CA1031 // A listener's mistake must not stop a member of the cluster.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ListenerFailed(_logger, exception);
        }
    }

    private async Task RunOnOwnerAsync(
        Func<RaftDriver, Action<TaskCompletionSource>> request, CancellationToken cancellationToken)
    {
        NodeRuntime runtime = Running();
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Action<TaskCompletionSource> run = request(runtime.Driver);
        if (!runtime.Driver.TryEnqueue(new Inbound(default, Command: () => run(done))))
            throw new ProposalDroppedException("The member has too much to do; try again shortly.");

        await AnsweredAsync(done.Task, cancellationToken).ConfigureAwait(false);
        await done.Task.ConfigureAwait(false);
    }

    /// <summary>Waits for the owner loop to answer, or to end: what it had taken may be lost with it.</summary>
    private async Task AnsweredAsync(Task answer, CancellationToken cancellationToken)
    {
        await Task.WhenAny(answer, Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!answer.IsCompleted)
            throw new NodeStoppedException("The node has stopped.", Outcome.Unknown);
    }

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        if (Status.Role is not RaftRole.Leader)
            return;

        await RunOnOwnerAsync(
            driver => done =>
            {
                NodeId successor = driver.BestSuccessor();
                if (successor.IsNone)
                    done.TrySetResult();
                else
                    driver.TransferLeadership(successor, done);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the node for a reason of its own; called by the loop that failed.</summary>
    private void Fail(Exception failure)
    {
        if (failure is MemberRemovedException)
            Log.Removed(_logger, failure.Message);
        else
            Log.Failed(_logger, Id, failure);
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Node.ShutDownAsync(state.Failure), (Node: this, Failure: failure), false);
    }

    private async Task ShutDownAsync(Exception? failure)
    {
        int before = Interlocked.Exchange(ref _lifecycle, 2);
        if (before == 2)
        {
            // Somebody else shuts it down; who asks waits until that is done.
            await Completion.WaitAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        Exception? closing = null;
        await _stopping.CancelAsync().ConfigureAwait(false);

        // It may be repairing its log. Whoever starts another node in the directory afterwards must find it free.
        bool isRunning = before == 1 && await _startEnded.Task.ConfigureAwait(false);
        try
        {
            // Nothing comes in any more before the loops end.
            await _transport.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the transport makes of its end, the log is closed and all who wait are told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            closing = exception;
        }

        try
        {
            if (isRunning)
            {
                closing = _runtime!.Stop(failure) ?? closing;
                _runtime.FailAll(failure);
            }
        }
#pragma warning disable CA1031 // It is reported as what ended the node.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            closing = exception;
        }

        Log.Stopped(_logger, Id);
        if ((failure ?? closing) is { } reason)
            _completion.TrySetException(reason);
        else
            _completion.TrySetResult();
    }
}
