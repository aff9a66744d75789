namespace Coord.Raft;

/// <summary>What a member tells a peer about itself before any message passes between them.</summary>
/// <remarks>
/// Term and log are those that the member knows durable at that moment. A peer that remembers a later state under the
/// same <paramref name="NodeId"/>, or another <paramref name="DirectoryId"/>, talks to a member that has lost its disk
/// or runs on an older copy of it: such a member could cast a second vote or deny an acknowledged entry, and is to be
/// refused until an operator replaces it.
/// </remarks>
/// <param name="ClusterId">The cluster that the member belongs to.</param>
/// <param name="NodeId">The member.</param>
/// <param name="DirectoryId">The random id of its data directory, made when the directory was.</param>
/// <param name="Term">The term of its durable hard state.</param>
/// <param name="LastLog">The last entry of its durable log.</param>
/// <param name="Address">
/// Where it can be reached, in the transport's notation. The transport fills it in; it is a claim, and identifies
/// nobody.
/// </param>
public readonly record struct PeerHello(
    ClusterId ClusterId, NodeId NodeId, Guid DirectoryId, Term Term, EntryId LastLog, string Address = "")
{
    /// <summary>
    /// Gets a number that the member's process drew when it started; zero if that is not known. What a running process
    /// says may be overtaken by its own messages on another connection; only a new process can have lost something.
    /// </summary>
    /// <remarks>The transport fills it in.</remarks>
    public ulong BootId { get; init; }

    /// <summary>Returns a line for logs, such as <c>n2 of cluster 1f at t7, log t7/41</c>.</summary>
    public override string ToString() => $"{NodeId} of cluster {ClusterId} at {Term}, log {LastLog}";
}
