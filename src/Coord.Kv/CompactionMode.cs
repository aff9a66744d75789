namespace Coord.Kv;

/// <summary>By what history is compacted without anybody asking.</summary>
public enum CompactionMode
{
    /// <summary>By nothing but <see cref="KeyValueOptions.RetainedRevisions"/>.</summary>
    None,

    /// <summary>By age: what is older than a time goes.</summary>
    Periodic,

    /// <summary>By count: what is more than a number of revisions back goes, looked at every five minutes.</summary>
    Revisions,
}
