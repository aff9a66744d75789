namespace Coord.Kv;

/// <summary>What happened to a key.</summary>
public enum WatchEventKind
{
    /// <summary>It was put.</summary>
    Put,

    /// <summary>It was deleted.</summary>
    Delete,
}
