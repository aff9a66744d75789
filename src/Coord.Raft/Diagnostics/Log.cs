using Coord.Raft.Core;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Diagnostics;

/// <summary>What a node says to its operator. Ids 1000 to 1999; a retired id stays here as reserved.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information,
        "Node {Node} of cluster {Cluster} starts from snapshot {Snapshot} and log {FirstIndex} to {LastEntry} " +
        "in {Directory}.")]
    public static partial void Starting(
        ILogger logger, NodeId node, ClusterId cluster, EntryId snapshot, LogIndex firstIndex, EntryId lastEntry,
        string directory);

    [LoggerMessage(1001, LogLevel.Information, "Node {Node} has stopped.")]
    public static partial void Stopped(ILogger logger, NodeId node);

    [LoggerMessage(1002, LogLevel.Critical, "Node {Node} stops: it can no longer be trusted to keep its promises.")]
    public static partial void Failed(ILogger logger, NodeId node, Exception failure);

    [LoggerMessage(1003, LogLevel.Warning,
        "{Bytes} bytes at the log's end that are no whole record were cut off, as after a power failure.")]
    public static partial void TornTailCut(ILogger logger, long bytes);

    [LoggerMessage(1004, LogLevel.Information, "Node {Node} is {Role} in term {Term}; the leader is {Leader}.")]
    public static partial void RoleChanged(ILogger logger, NodeId node, RaftRole role, Term term, NodeId leader);

    [LoggerMessage(1005, LogLevel.Debug, "Snapshot {Snapshot} is saved; the log up to {Through} may go.")]
    public static partial void Compacted(ILogger logger, EntryId snapshot, LogIndex through);

    [LoggerMessage(1006, LogLevel.Warning, "A snapshot could not be saved; the log stays whole and grows.")]
    public static partial void SnapshotFailed(ILogger logger, Exception failure);

    [LoggerMessage(1007, LogLevel.Information, "A step of the membership change is proposed as entry {Entry}.")]
    public static partial void MembershipProposed(ILogger logger, EntryId entry);

    [LoggerMessage(1008, LogLevel.Information, "The membership is now {Membership}.")]
    public static partial void MembershipChanged(ILogger logger, Membership membership);

    [LoggerMessage(1009, LogLevel.Trace, "{Event}")]
    public static partial void Event(ILogger logger, RaftEvent @event);

    [LoggerMessage(1010, LogLevel.Error, "Peer {Peer} is refused: {Reason}")]
    public static partial void PeerRefused(ILogger logger, NodeId peer, string reason);

    [LoggerMessage(1020, LogLevel.Warning, "{Reason}")]
    public static partial void Removed(ILogger logger, string reason);

    [LoggerMessage(1013, LogLevel.Warning, "The log's next segment cannot be allocated; free some space soon.")]
    public static partial void SegmentNotAllocated(ILogger logger, Exception failure);

    [LoggerMessage(1014, LogLevel.Warning,
        "Node {Node} repairs its log: what was cut off its end may have been acknowledged ({Doubt}). Its vote counts " +
        "only together with those of more members until a leader has brought it up to date.")]
    public static partial void EndInDoubt(ILogger logger, NodeId node, LogDoubt doubt);

    [LoggerMessage(1015, LogLevel.Warning,
        "Node {Node} has repaired its log: with {LastEntry} it holds again all that it can have acknowledged.")]
    public static partial void DoubtEnded(ILogger logger, NodeId node, EntryId lastEntry);

    [LoggerMessage(1016, LogLevel.Warning,
        "Node {Node} repairs its log before it takes part again: {Damage} {Missing}.")]
    public static partial void RepairStarted(ILogger logger, NodeId node, string damage, string missing);

    [LoggerMessage(1017, LogLevel.Warning, "Node {Node} still repairs its log: {Missing}. It heard: {Answers}.")]
    public static partial void RepairWaits(ILogger logger, NodeId node, string missing, string answers);

    [LoggerMessage(1018, LogLevel.Warning, "Node {Node} has repaired its log; it ends with {LastEntry}.")]
    public static partial void Repaired(ILogger logger, NodeId node, EntryId lastEntry);

    [LoggerMessage(1019, LogLevel.Warning,
        "Node {Node} gives up what followed {LastEntry} in its damaged log, since its peers have nothing of it; a " +
        "leader brings it up to date.")]
    public static partial void RepairGaveUp(ILogger logger, NodeId node, EntryId lastEntry);

    [LoggerMessage(1012, LogLevel.Error, "A listener to StatusChanged threw; it was ignored.")]
    public static partial void ListenerFailed(ILogger logger, Exception failure);

    [LoggerMessage(1011, LogLevel.Error, "Snapshot {Snapshot} is damaged; the one before it is used.")]
    public static partial void SnapshotDamaged(ILogger logger, EntryId snapshot, Exception failure);
}
