using Coord.Raft;

namespace Coord.Kv;

/// <content>How far this member has come in the log, for who waits for that.</content>
public sealed partial class KeyValueStateMachine
{
    private readonly PriorityQueue<TaskCompletionSource, long> _waitingForApplied = new();
    private long _applied;

    /// <summary>Waits until a command has been applied on this member; no longer than the member runs.</summary>
    internal Task WaitForAppliedAsync(LogIndex index)
    {
        if (Volatile.Read(ref _applied) >= index.Value)
            return Task.CompletedTask;

        lock (_lock)
        {
            if (_applied >= index.Value || _stopped is not null)
                return Task.CompletedTask;

            TaskCompletionSource waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waitingForApplied.Enqueue(waiting, index.Value);
            return waiting.Task;
        }
    }

    private void SetApplied_NeedsLock(long index)
    {
        Volatile.Write(ref _applied, Math.Max(_applied, index));
        ReleaseWaiting_NeedsLock(index);
    }

    private void ReleaseWaiting_NeedsLock(long index)
    {
        while (_waitingForApplied.TryPeek(out TaskCompletionSource? waiting, out long at) && at <= index)
        {
            _waitingForApplied.Dequeue();
            waiting.SetResult();
        }
    }
}
