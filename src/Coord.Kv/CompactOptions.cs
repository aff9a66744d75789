namespace Coord.Kv;

/// <summary>How to compact.</summary>
public sealed record CompactOptions
{
    /// <summary>Gets a value indicating whether to wait until the space of old versions is free again.</summary>
    /// <value>False by default: it is freed in the background.</value>
    public bool WaitForRemoval { get; init; }
}
