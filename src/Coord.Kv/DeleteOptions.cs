namespace Coord.Kv;

/// <summary>How to delete keys.</summary>
public sealed record DeleteOptions
{
    /// <summary>Gets a value indicating whether the deleted versions are returned.</summary>
    public bool ReturnPrevious { get; init; }
}
