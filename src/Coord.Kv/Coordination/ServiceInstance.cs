namespace Coord.Kv.Coordination;

/// <summary>One instance of a service, as it is registered. Immutable.</summary>
/// <param name="Name">The instance's name.</param>
/// <param name="Value">What it registered, such as an address.</param>
/// <param name="Lease">The lease that keeps it registered.</param>
/// <param name="Revision">When it was changed last.</param>
public sealed record ServiceInstance(string Name, ReadOnlyMemory<byte> Value, LeaseId Lease, Revision Revision);
