using Coord.Raft;

namespace Coord.Kv;

/// <summary>An alarm that is on. Immutable.</summary>
/// <param name="Member">The member that raised it.</param>
/// <param name="Kind">Which alarm.</param>
public readonly record struct Alarm(NodeId Member, AlarmKind Kind);
