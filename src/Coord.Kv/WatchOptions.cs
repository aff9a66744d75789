namespace Coord.Kv;

/// <summary>What to watch, besides the range.</summary>
public sealed record WatchOptions
{
    /// <summary>Gets the first revision to see; it may be in the past or in the future.</summary>
    /// <value>Zero by default: what comes after the call.</value>
    public Revision StartRevision { get; init; }

    /// <summary>
    /// Gets a value indicating whether events carry the version before, unless it has been compacted.
    /// </summary>
    public bool ReturnPrevious { get; init; }

    /// <summary>Gets a value indicating whether puts are left out.</summary>
    public bool SkipPuts { get; init; }

    /// <summary>Gets a value indicating whether deletions are left out.</summary>
    public bool SkipDeletes { get; init; }

    /// <summary>
    /// Gets a value indicating whether a batch without events tells from time to time how far the watch has come.
    /// </summary>
    /// <value>False by default.</value>
    public bool ReportProgress { get; init; }

    /// <summary>Gets a value indicating whether the watch ends when its member has lost the leader.</summary>
    /// <value>False by default: it waits, and goes on when there is a leader again.</value>
    public bool RequireLeader { get; init; }
}
