namespace Coord.Raft.Storage;

/// <summary>What could be read of a damaged log.</summary>
internal sealed record SalvagedLog
{
    /// <summary>Gets the entries, in pieces.</summary>
    public required FragmentedLog Entries { get; init; }

    /// <summary>Gets the last term and vote; the commit index is that of the pieces.</summary>
    public required HardState HardState { get; init; }

    /// <summary>
    /// Gets a value indicating whether term and vote are the last ones for sure. Where they are not, the member could
    /// vote twice in a term, and does not start.
    /// </summary>
    public required bool IsHardStateCertain { get; init; }

    /// <summary>Gets what the log may have lost behind its last piece, or null if nothing.</summary>
    public required LogDoubt? Doubt { get; init; }
}
