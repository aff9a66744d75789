using Coord.Raft.Core;

namespace Coord.Raft.Tests.Conformance;

/// <summary>A copy of a Ready that stays valid while the core goes on.</summary>
internal sealed class ReadyCopy(Ready ready)
{
    public HardState? HardState { get; } = ready.HardState;

    public SnapshotMetadata? Snapshot { get; } = ready.Snapshot;

    public Entry[] Entries { get; } = ready.Entries.ToArray();

    public bool MustSync { get; } = ready.MustSync;

    public Entry[] CommittedEntries { get; } = ready.CommittedEntries.ToArray();

    public (NodeId Leader, RaftRole Role)? SoftState { get; } = ready.SoftState;

    public AppendAck AppendAck { get; } = ready.AppendAck;

    public Message[] Messages { get; } = Copy(ready.Messages);

    public Message[] MessagesAfterAppend { get; } = Copy(ready.MessagesAfterAppend);

    public ReadState[] ReadStates { get; } = ready.ReadStates.ToArray();

    public RaftEvent[] Events { get; } = ready.Events.ToArray();

    public bool EndsDoubt { get; } = ready.EndsDoubt;

    public bool HasAppend { get; } = ready.HasAppend;

    public bool HoldsOnlyCommittedEntries =>
        !HasAppend && SoftState is null && Messages.Length == 0 && ReadStates.Length == 0;

    private static Message[] Copy(ReadOnlySpan<Message> messages)
    {
        Message[] copies = messages.ToArray();
        for (int i = 0; i < copies.Length; i++)
            copies[i] = copies[i] with { Entries = copies[i].Entries.ToArray() };
        return copies;
    }
}
