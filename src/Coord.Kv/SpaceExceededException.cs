using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// The store is full: a put was refused. Delete keys and compact, or raise <see cref="KeyValueOptions.QuotaBytes"/>;
/// then disarm the alarm (<see cref="EmbeddedKeyValueStore.DisarmAlarmAsync"/>).
/// </summary>
public sealed class SpaceExceededException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="usedBytes">What the store holds.</param>
    public SpaceExceededException(long usedBytes)
        : base(
            $"The store's space is exceeded: it holds {usedBytes} bytes. Delete keys and compact, or raise the quota;"
            + " then disarm the alarm.",
            Outcome.DidNotHappen) => UsedBytes = usedBytes;

    /// <summary>Gets what the store holds, in bytes as the quota counts them.</summary>
    public long UsedBytes { get; }
}
