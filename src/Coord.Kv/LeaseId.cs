namespace Coord.Kv;

/// <summary>Names a lease.</summary>
/// <param name="Value">The number; zero means "none", or "choose one", as the place says.</param>
public readonly record struct LeaseId(long Value)
{
    /// <summary>Gets the value that names no lease.</summary>
    public static LeaseId None => default;

    /// <summary>Gets a value indicating whether this names no lease.</summary>
    public bool IsNone => Value == 0;

    /// <summary>Returns the hexadecimal form that etcd's tools use.</summary>
    public override string ToString() => $"{Value:x16}";
}
