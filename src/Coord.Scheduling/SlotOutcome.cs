using Coord.Kv.Coordination;

namespace Coord.Scheduling;

/// <summary>What became of a run to completion. Immutable; kept in the store under <c>done/</c>.</summary>
/// <param name="Node">Where it ran last.</param>
/// <param name="Token">With which token.</param>
/// <param name="SpecRevision">The revision of the spec that was run: a later one is another run.</param>
/// <param name="IsSuccess">Whether it ended well.</param>
/// <param name="ExitCode">The exit code; null if a signal or an exception ended it.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record SlotOutcome(
    NodeName Node, FencingToken Token, long SpecRevision, bool IsSuccess, int? ExitCode, string Message);
