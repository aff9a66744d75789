namespace Coord.Kv;

/// <summary>In which order a range is returned.</summary>
public enum SortOrder
{
    /// <summary>Ascending; of a range that is sorted by the key, it costs nothing.</summary>
    None,

    /// <summary>The smallest first.</summary>
    Ascending,

    /// <summary>The largest first.</summary>
    Descending,
}
