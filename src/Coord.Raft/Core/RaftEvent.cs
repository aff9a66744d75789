namespace Coord.Raft.Core;

/// <summary>One thing that happened inside the core; logs, metrics and transcripts are made of these.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Term">The node's term at that moment.</param>
/// <param name="Peer">The other member concerned, or none.</param>
/// <param name="Index">The log index concerned, or zero.</param>
/// <param name="Value">More, as the kind says.</param>
internal readonly record struct RaftEvent(
    RaftEventKind Kind, Term Term, NodeId Peer = default, LogIndex Index = default, long Value = 0)
{
    /// <summary>Returns a line for transcripts.</summary>
    public override string ToString() => $"{Kind} {Term} {Peer} {Index} {Value}";
}
