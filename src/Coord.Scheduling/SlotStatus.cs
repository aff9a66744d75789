using Coord.Kv.Coordination;

namespace Coord.Scheduling;

/// <summary>
/// What a node says of a slot. Immutable; kept in the store under <c>status/</c>, with the node's lease.
/// </summary>
/// <param name="Slot">Which place of which unit.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Token">Of which assignment.</param>
/// <param name="Phase">How far it has come.</param>
/// <param name="IsReady">Whether it is ready, by its own word or its health check.</param>
/// <param name="ExitCode">The exit code of the last end; null if there was none, or a signal ended it.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="Message">One sentence for people, such as why it cannot start; at most 1,024 characters.</param>
public sealed record SlotStatus(
    SlotId Slot,
    NodeName Node,
    FencingToken Token,
    SlotPhase Phase,
    bool IsReady = false,
    int? ExitCode = null,
    int Restarts = 0,
    string Message = "");
