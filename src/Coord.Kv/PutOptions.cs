namespace Coord.Kv;

/// <summary>How to put a key.</summary>
public sealed record PutOptions
{
    /// <summary>Gets a value indicating whether the version before is returned.</summary>
    public bool ReturnPrevious { get; init; }
}
