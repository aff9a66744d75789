namespace Coord.Scheduling.Placement;

/// <summary>What one plug-in says against a node.</summary>
/// <param name="PlugIn">Its name.</param>
/// <param name="Cost">How much.</param>
public readonly record struct PlugInCost(string PlugIn, long Cost);
