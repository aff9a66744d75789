namespace Coord.Kv.Coordination;

/// <summary>A key whose turn has come. Immutable.</summary>
/// <param name="Key">The key.</param>
/// <param name="CreateRevision">When it was created; its identity.</param>
/// <param name="SeenAt">The revision at which it was its turn, and the lease lived.</param>
internal sealed record Turn(string Key, Revision CreateRevision, Revision SeenAt);
