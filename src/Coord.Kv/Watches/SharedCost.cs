namespace Coord.Kv.Watches;

/// <summary>What an event keeps in memory for several watches of one channel. Under the store's lock.</summary>
/// <remarks>It costs the channel once, until the last of them has let go of it, whoever that is.</remarks>
internal sealed class SharedCost(long bytes)
{
    private int _holders;

    public void Hold() => _holders++;

    /// <summary>Lets go.</summary>
    /// <returns>By how much the channel's buffers have become smaller.</returns>
    public long Release() => --_holders == 0 ? bytes : 0;
}
