using Coord.Raft;

namespace Coord.Simulation.Network;

/// <summary>Messages that keep their order among each other: each lane of a real transport is a connection.</summary>
internal enum Lane
{
    Urgent,
    Entries,
    Snapshots,
}

/// <summary>Says which kind of message takes which lane.</summary>
internal static class Lanes
{
    public static Lane Of(MessageKind kind) => kind switch
    {
        MessageKind.Append or MessageKind.Forward or MessageKind.ForwardResponse => Lane.Entries,
        MessageKind.SnapshotChunk => Lane.Snapshots,
        _ => Lane.Urgent,
    };
}
