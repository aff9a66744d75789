namespace Coord.Raft.Storage;

/// <summary>A place up to which the log is known to be durable, and what it amounted to there.</summary>
/// <param name="Epoch">The segment.</param>
/// <param name="Offset">The offset in its file behind the last durable record.</param>
/// <param name="Checksum">The checksum of that record.</param>
/// <param name="Last">The last entry.</param>
/// <param name="HardState">The hard state.</param>
internal readonly record struct WalMark(ulong Epoch, int Offset, uint Checksum, EntryId Last, HardState HardState)
{
    /// <summary>Gets what the log may have lost at its end, or null if nothing.</summary>
    public LogDoubt? Doubt { get; init; }

    /// <summary>Gets the first segment of a log that is, or was, written anew; zero if there is none.</summary>
    public ulong RewrittenFrom { get; init; }

    /// <summary>
    /// Gets a value indicating whether the log that was written anew is whole and the older segments are void;
    /// otherwise it is the new ones that are.
    /// </summary>
    public bool IsRewritten { get; init; }
}
