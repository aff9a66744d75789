using System.Diagnostics;

namespace Coord.Scheduling.Placement;

/// <summary>
/// All that a plan depends on, at one revision of the store: nodes, what they report, units, and where their slots are.
/// Immutable, and independent of the order in which it was built.
/// </summary>
/// <remarks>
/// Made by a <see cref="PlacementSnapshotBuilder"/>. A change copies arrays of references, and shares all else with the
/// snapshot before.
/// </remarks>
public sealed class PlacementSnapshot
{
    private PlacementModel? _model;

    internal PlacementSnapshot(long revision, NodeRecord[] nodes, UnitRecord[] units)
    {
        Debug.Assert(nodes.Zip(nodes.Skip(1)).All(pair => pair.First.Spec.Name < pair.Second.Spec.Name), "By name.");
        Debug.Assert(units.Zip(units.Skip(1)).All(pair => pair.First.Name < pair.Second.Name), "By name.");
        Revision = revision;
        Nodes = nodes;
        Units = units;
    }

    /// <summary>Gets the snapshot in which there is nothing.</summary>
    public static PlacementSnapshot Empty { get; } = new(0, [], []);

    /// <summary>Gets the revision of the store.</summary>
    public long Revision { get; }

    /// <summary>Gets the number of nodes.</summary>
    public int NodeCount => Nodes.Length;

    /// <summary>Gets the number of units, with those that are gone and whose slots are still assigned.</summary>
    public int UnitCount => Units.Length;

    internal NodeRecord[] Nodes { get; }

    internal UnitRecord[] Units { get; }

    /// <summary>Gets the snapshot as integers; made when it is first needed.</summary>
    // Two threads may both make it: they make the same.
    internal PlacementModel Model => _model ??= new PlacementModel(this);

    /// <summary>Starts a snapshot that differs from this one.</summary>
    public PlacementSnapshotBuilder ToBuilder() => new(this);
}
