namespace Coord.Raft.Driver;

/// <summary>One thing that reached the owner loop from outside.</summary>
/// <param name="Message">A decoded message, unless another part is there.</param>
/// <param name="Unreachable">A peer whose connection broke.</param>
/// <param name="Command">An operator's request, run on the owner loop.</param>
/// <param name="Bytes">What the message takes of the queue's memory.</param>
internal readonly record struct Inbound(
    Message Message, NodeId Unreachable = default, Action? Command = null, long Bytes = 0);
