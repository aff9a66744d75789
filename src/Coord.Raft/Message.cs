namespace Coord.Raft;

/// <summary>A message between two members. One shape for all kinds, so that it can travel by reference.</summary>
/// <remarks>
/// Entries and payload are borrowed: those of a message that a core hands out are valid until that core is next
/// called. Whoever keeps a message longer copies it.
/// </remarks>
public readonly record struct Message
{
    /// <summary>Gets what the message asks or answers.</summary>
    public MessageKind Kind { get; init; }

    /// <summary>Gets the sender.</summary>
    public NodeId From { get; init; }

    /// <summary>Gets the receiver.</summary>
    public NodeId To { get; init; }

    /// <summary>Gets the sender's term; for a pre-vote, the term it would campaign in.</summary>
    public Term Term { get; init; }

    /// <summary>
    /// Gets the entry that the message is about. Append: the one before the first sent. Vote: the last of the
    /// candidate's log. AppendResponse: the last acknowledged, or the refused one. ReadIndexResponse: the read index.
    /// </summary>
    public EntryId Log { get; init; }

    /// <summary>Gets the sender's commit index, never beyond what the receiver is known to hold (heartbeats).</summary>
    public LogIndex Commit { get; init; }

    /// <summary>Gets a value indicating whether the sender refuses.</summary>
    public bool Reject { get; init; }

    /// <summary>Gets, in a refused append, the last place where the logs may agree (fast back-off).</summary>
    public EntryId Hint { get; init; }

    /// <summary>Gets the read or campaign context, echoed in the response; zero if there is none.</summary>
    public ulong Context { get; init; }

    /// <summary>
    /// Gets the replication session of the receiving (requests) or answering (responses) member: the index of the
    /// configuration entry that added it. Answers from a former membership count for nothing.
    /// </summary>
    public LogIndex Session { get; init; }

    /// <summary>Gets the entries of an append, in order.</summary>
    public ReadOnlyMemory<Entry> Entries { get; init; }

    /// <summary>Gets the snapshot's metadata, for <see cref="MessageKind.Snapshot"/> and snapshot chunks.</summary>
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>Gets the bytes of a host-to-host message.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>
    /// Gets the pooled memory behind <see cref="Payload"/>, or null if the collector owns it. A message that was
    /// received holds one reference on it, which <see cref="MessageCodec.Release"/> gives back.
    /// </summary>
    public EntryBlock? Block { get; init; }

    /// <summary>Returns a line for logs and transcripts.</summary>
    public override string ToString() =>
        $"{From}->{To} {Kind} {Term} {Log} commit {Commit}" +
        $"{(Reject ? $" rejected, hint {Hint}" : "")} +{Entries.Length}";
}
