namespace Coord.Kv.Mvcc;

/// <summary>
/// Lets commands go before long reads: who takes the store's lock again and again, a step at a time, asks here before
/// each step. Thread-safe.
/// </summary>
/// <remarks>
/// The lock is not fair: a thread that gives it up and takes it again at once is faster than one that has to wake up. A
/// snapshot would hold up commands for many of its steps.
/// </remarks>
internal sealed class RightOfWay
{
    private int _waiting;

    /// <summary>Gets how many commands wait for the lock.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes the lock for a command.</summary>
    public Lock.Scope Enter(Lock storeLock)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return storeLock.EnterScope();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Waits until no command waits for the lock. Call it without holding the lock.</summary>
    public void GiveWay()
    {
        SpinWait wait = default;
        while (Waiting > 0)
            wait.SpinOnce(sleep1Threshold: -1);
    }
}
