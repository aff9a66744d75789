using Microsoft.Extensions.Logging;

namespace Coord.Scheduling.Diagnostics;

/// <summary>What the scheduler says to its operator. Ids 4000 to 4999; a retired id stays here as reserved.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "Node {Node} runs units; this is its life {Incarnation}.")]
    public static partial void Registered(ILogger logger, NodeName node, long incarnation);

    [LoggerMessage(4001, LogLevel.Warning,
        "Node {Node} is out of touch and stops its {Count} slots: others may run them soon.")]
    public static partial void Fenced(ILogger logger, NodeName node, int count);

    [LoggerMessage(4002, LogLevel.Critical,
        "Node {Node} cannot end {Slot}: it was asked to, then killed, and goes on. Another node may run it too.")]
    public static partial void Overrun(ILogger logger, NodeName node, SlotId slot);

    [LoggerMessage(4003, LogLevel.Warning, "Node {Node}: {Slot} has failed. {Message}")]
    public static partial void SlotFailed(ILogger logger, NodeName node, SlotId slot, string message);

    [LoggerMessage(4004, LogLevel.Warning, "Left out: {Problem}")]
    public static partial void Unreadable(ILogger logger, string problem);

    [LoggerMessage(4005, LogLevel.Warning,
        "Another node registered as {Node} is still alive. Waiting until its lease ends; if it is another machine, " +
        "give this one a name of its own.")]
    public static partial void NameTaken(ILogger logger, NodeName node);

    [LoggerMessage(4006, LogLevel.Information, "Node {Node} plans for the cluster, in epoch {Epoch}.")]
    public static partial void Leads(ILogger logger, NodeName node, long epoch);

    [LoggerMessage(4007, LogLevel.Warning, "Node {Node} lost sight of the store while it planned, and begins anew.")]
    public static partial void PlanningInterrupted(ILogger logger, NodeName node, Exception failure);
}
