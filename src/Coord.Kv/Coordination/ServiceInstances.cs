namespace Coord.Kv.Coordination;

/// <summary>All instances of a service at one revision. Immutable.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Instances">The instances, in order of their names.</param>
public sealed record ServiceInstances(Revision Revision, IReadOnlyList<ServiceInstance> Instances);
