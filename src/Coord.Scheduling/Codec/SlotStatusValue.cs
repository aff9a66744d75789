using Coord.Kv.Coordination;

namespace Coord.Scheduling.Codec;

/// <summary>What the key of a status holds; the key says which node and slot.</summary>
internal sealed record SlotStatusValue(
    FencingToken Token, SlotPhase Phase, bool IsReady, int? ExitCode, int Restarts, string Message)
{
    public static SlotStatusValue Of(SlotStatus status) =>
        new(status.Token, status.Phase, status.IsReady, status.ExitCode, status.Restarts, status.Message);

    public SlotStatus For(SlotId slot, NodeName node) =>
        new(slot, node, Token, Phase, IsReady, ExitCode, Restarts, Message ?? "");
}
