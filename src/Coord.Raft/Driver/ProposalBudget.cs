namespace Coord.Raft.Driver;

/// <summary>Bounds how many proposals, and how many bytes of them, wait at this member. Thread-safe.</summary>
internal sealed class ProposalBudget(int maxCount, long maxBytes)
{
    private long _count;
    private long _bytes;

    /// <summary>Gets how many proposals wait.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Takes room for one proposal, or none at all.</summary>
    public bool TryTake(int bytes)
    {
        // Either counter may be above its bound for an instant; that refuses somebody else at the bound, no more.
        if (Interlocked.Increment(ref _count) <= maxCount)
        {
            if (Interlocked.Add(ref _bytes, bytes) <= maxBytes)
                return true;

            Interlocked.Add(ref _bytes, -bytes);
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Gives the room of one proposal back.</summary>
    public void Return(int bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Decrement(ref _count);
    }
}
