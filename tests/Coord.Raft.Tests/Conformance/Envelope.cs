namespace Coord.Raft.Tests.Conformance;

/// <summary>Something on its way to a node: a message, or the report of a storage thread.</summary>
internal sealed record Envelope(NodeId To, string Text, Action<InteractionNode> Deliver);

/// <summary>Work of a storage thread, and what it sends when it is done.</summary>
internal sealed record StorageWork(string Request, IReadOnlyList<Envelope> Responses, Action Run);
