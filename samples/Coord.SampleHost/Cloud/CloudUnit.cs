namespace Coord.SampleHost.Cloud;

/// <summary>A unit that a cloud-config names, as the scheduler is to take it.</summary>
internal sealed record CloudUnit(
    string Name, string Content, string Command, bool Enable, bool Mask,
    IReadOnlyList<(string Name, string Content)> DropIns)
{
    private static readonly string[] BuiltInNames = ["etcd.service", "etcd2.service", "fleet.service"];

    /// <summary>Whether it is a part of this host, which runs anyway.</summary>
    public bool IsBuiltIn => BuiltInNames.Contains(Name);
}
