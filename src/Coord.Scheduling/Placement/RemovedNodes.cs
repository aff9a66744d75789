namespace Coord.Scheduling.Placement;

/// <summary>How many nodes a filter removed. Each node counts for the first filter that removed it.</summary>
/// <param name="Filter">The name of the filter, such as those in <see cref="FilterNames"/>.</param>
/// <param name="Count">How many.</param>
/// <param name="Example">The first of them by name.</param>
/// <param name="Detail">What is wrong with that one, for people.</param>
public sealed record RemovedNodes(string Filter, int Count, NodeName Example, string Detail);
