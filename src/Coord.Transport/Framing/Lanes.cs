using Coord.Raft;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Framing;

/// <summary>Says which message takes which lane.</summary>
internal static class Lanes
{
    /// <summary>How many lanes there are.</summary>
    public const int Count = 3;

    /// <summary>
    /// Returns how loudly to tell what becomes of a lane: one of them speaks for all, as they usually share their fate.
    /// </summary>
    public static LogLevel Loudness(Lane lane, LogLevel level) => lane is Lane.Control ? level : LogLevel.Debug;

    /// <summary>Returns the lane of a kind of message.</summary>
    public static Lane Of(MessageKind kind) => kind switch
    {
        MessageKind.Append or MessageKind.Forward or MessageKind.ForwardResponse or MessageKind.ForwardChange
            or MessageKind.ForwardChangeResponse or MessageKind.Repair or MessageKind.RepairResponse => Lane.Log,
        MessageKind.Snapshot or MessageKind.SnapshotChunk or MessageKind.SnapshotChunkResponse => Lane.Bulk,
        _ => Lane.Control,
    };
}
