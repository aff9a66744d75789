namespace Coord.Simulation.Nodes;

/// <summary>Which loop of a node: each has a pace of its own.</summary>
internal enum LoopKind
{
    Owner,
    Storage,
    Apply,
    Snapshot,
    Transfer,
    Segments,
}
