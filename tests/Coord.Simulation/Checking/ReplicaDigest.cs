using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>A checksum of a member's whole state at a revision. Immutable.</summary>
/// <param name="Member">Whose.</param>
/// <param name="Revision">Up to which revision.</param>
/// <param name="Compacted">What it had forgotten then: only equal histories have equal checksums.</param>
/// <param name="Digest">The checksum.</param>
internal sealed record ReplicaDigest(ulong Member, Revision Revision, Revision Compacted, ulong Digest);
