namespace Coord.Scheduling;

/// <summary>Spreads the slots of a unit over the values of a label, such as zones.</summary>
/// <param name="Label">The label; empty to spread over nodes. Nodes without it do not run the unit.</param>
/// <param name="MaxSkew">By how much the fullest and the emptiest value may differ; at least one.</param>
public sealed record SpreadRule(string Label, int MaxSkew = 1);
