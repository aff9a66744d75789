using System.Runtime.InteropServices;

namespace Coord.Raft.Core;

/// <summary>What the core wants done, in one reusable object. Valid until the core is next called.</summary>
/// <remarks>
/// The driver's duties, in this order:
/// 1. persist <see cref="HardState"/>, <see cref="Snapshot"/> and <see cref="Entries"/> as one atomic group, and sync
///    if <see cref="MustSync"/>; may run beside everything else. With a snapshot the log restarts after it;
/// 2. send <see cref="Messages"/> at once;
/// 3. hand <see cref="CommittedEntries"/> to the state machine, after a <see cref="Snapshot"/> if there is one, then
///    call <c>OnApplied</c>;
/// 4. when this group and all before it are durable: send <see cref="MessagesAfterAppend"/> (those to the node itself
///    go to <c>Step</c>), then call <c>OnAppended</c> with <see cref="AppendAck"/>. Messages after append need their
///    place in the order even if this group is empty: they wait for the groups before.
/// </remarks>
internal sealed class Ready
{
    private List<Message> _messages = new(64);
    private List<Message> _messagesAfterAppend = new(64);
    private List<ReadState> _readStates = new(64);
    private List<RaftEvent> _events = new(64);

    /// <summary>Gets the hard state if it changed, else null.</summary>
    public HardState? HardState { get; internal set; }

    /// <summary>Gets the snapshot that replaces the whole log and state, or null.</summary>
    public SnapshotMetadata? Snapshot { get; internal set; }

    /// <summary>Gets the entries to append; the first may lie below the end of the log and then cuts it.</summary>
    public ReadOnlyMemory<Entry> Entries { get; internal set; }

    /// <summary>Gets a value indicating whether the group must be synced before it counts as durable.</summary>
    public bool MustSync { get; internal set; }

    /// <summary>Gets the committed entries to apply, all durable on this member.</summary>
    public ReadOnlyMemory<Entry> CommittedEntries { get; internal set; }

    /// <summary>Gets the leader and role if either changed, else null.</summary>
    public (NodeId Leader, RaftRole Role)? SoftState { get; internal set; }

    /// <summary>Gets what to report once the group is durable.</summary>
    public AppendAck AppendAck { get; internal set; }

    /// <summary>
    /// Gets a value indicating whether the log has lost nothing any more once this group is durable, which is to be
    /// remembered then: see <see cref="LogDoubt"/>.
    /// </summary>
    public bool EndsDoubt { get; internal set; }

    /// <summary>Gets the messages to send at once.</summary>
    public ReadOnlySpan<Message> Messages => CollectionsMarshal.AsSpan(_messages);

    /// <summary>Gets the messages to send when the group and all before it are durable.</summary>
    public ReadOnlySpan<Message> MessagesAfterAppend => CollectionsMarshal.AsSpan(_messagesAfterAppend);

    /// <summary>Gets the confirmed reads.</summary>
    public ReadOnlySpan<ReadState> ReadStates => CollectionsMarshal.AsSpan(_readStates);

    /// <summary>Gets what happened, in order.</summary>
    public ReadOnlySpan<RaftEvent> Events => CollectionsMarshal.AsSpan(_events);

    /// <summary>Gets a value indicating whether there is anything for the storage to do or to wait for.</summary>
    public bool HasAppend =>
        HardState is not null || Snapshot is not null || !Entries.IsEmpty || _messagesAfterAppend.Count > 0;

    /// <summary>Gets a value indicating whether there is nothing to do; events aside.</summary>
    public bool IsEmpty =>
        !HasAppend && CommittedEntries.IsEmpty && SoftState is null && _messages.Count == 0 && _readStates.Count == 0;

    /// <summary>Takes filled lists and gives its own, empty ones for them, so that none is ever allocated.</summary>
    internal void Exchange(
        ref List<Message> messages,
        ref List<Message> messagesAfterAppend,
        ref List<ReadState> readStates,
        ref List<RaftEvent> events)
    {
        (_messages, messages) = (messages, _messages);
        (_messagesAfterAppend, messagesAfterAppend) = (messagesAfterAppend, _messagesAfterAppend);
        (_readStates, readStates) = (readStates, _readStates);
        (_events, events) = (events, _events);
    }

    internal void Clear()
    {
        HardState = null;
        Snapshot = null;
        Entries = default;
        MustSync = false;
        CommittedEntries = default;
        SoftState = null;
        AppendAck = default;
        EndsDoubt = false;
        _messages.Clear();
        _messagesAfterAppend.Clear();
        _readStates.Clear();
        _events.Clear();
    }
}
