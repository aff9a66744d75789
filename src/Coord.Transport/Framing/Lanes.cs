using Coord.Raft;

namespace Coord.Transport.Framing;

/// <summary>Says which message takes which lane.</summary>
internal static class Lanes
{
    /// <summary>How many lanes there are.</summary>
    public const int Count = 3;

    /// <summary>Returns the lane of a kind of message.</summary>
    public static Lane Of(MessageKind kind) => kind switch
    {
        MessageKind.Append or MessageKind.Forward or MessageKind.ForwardResponse => Lane.Log,
        MessageKind.Snapshot or MessageKind.SnapshotChunk or MessageKind.SnapshotChunkResponse => Lane.Bulk,
        _ => Lane.Control,
    };
}
