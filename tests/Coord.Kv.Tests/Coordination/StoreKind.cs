namespace Coord.Kv.Tests.Coordination;

/// <summary>Which store a recipe runs over: each has to work over all.</summary>
public enum StoreKind
{
    /// <summary>The dumb twin.</summary>
    Memory,

    /// <summary>The store itself, on a log in memory.</summary>
    Embedded,
}
