namespace Coord.Kv;

/// <summary>What a comparison of a transaction looks at. A missing key has zero everywhere, and no value.</summary>
public enum ComparisonTarget
{
    /// <summary>How often the key was put since its creation; zero tells that it does not exist.</summary>
    Version,

    /// <summary>When the key was created.</summary>
    CreateRevision,

    /// <summary>When the key was changed last.</summary>
    ModRevision,

    /// <summary>The bytes of the value; of a missing key every such comparison is false.</summary>
    Value,

    /// <summary>The lease that the key is attached to.</summary>
    Lease,
}
