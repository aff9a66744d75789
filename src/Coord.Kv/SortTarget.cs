namespace Coord.Kv;

/// <summary>What a range is sorted by.</summary>
public enum SortTarget
{
    /// <summary>The bytes of the key.</summary>
    Key,

    /// <summary>How often the key was put since its creation.</summary>
    Version,

    /// <summary>When the key was created.</summary>
    CreateRevision,

    /// <summary>When the key was changed last.</summary>
    ModRevision,

    /// <summary>The bytes of the value.</summary>
    Value,
}
