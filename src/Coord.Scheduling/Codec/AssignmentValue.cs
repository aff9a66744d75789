using Coord.Kv.Coordination;

namespace Coord.Scheduling.Codec;

/// <summary>What the key of an assignment holds; the key says which node and slot.</summary>
/// <param name="Incarnation">For which life of the node.</param>
/// <param name="SpecRevision">The mod revision of the spec that is to be run.</param>
/// <param name="Target">Whether to start it.</param>
/// <param name="Token">
/// The runner's token; zero where it is the key's own mod revision: nobody knows that when it is first written.
/// </param>
internal sealed record AssignmentValue(long Incarnation, long SpecRevision, UnitState Target, FencingToken Token);
