namespace Coord.Kv;

/// <summary>Why a store refuses work until somebody has looked.</summary>
public enum AlarmKind
{
    /// <summary>No alarm.</summary>
    None = 0,

    /// <summary>The store is full: puts and new leases are refused.</summary>
    NoSpace = 1,

    /// <summary>The members hold different data: reads and writes are refused.</summary>
    Corrupt = 2,
}
