namespace Coord.Raft;

/// <summary>Identifies a cluster, so that members of two clusters never mix their logs.</summary>
/// <param name="Value">The id; never zero in a running cluster.</param>
public readonly record struct ClusterId(ulong Value)
{
    /// <summary>Returns the id in hexadecimal, as etcd prints it.</summary>
    public override string ToString() => $"{Value:x}";
}
