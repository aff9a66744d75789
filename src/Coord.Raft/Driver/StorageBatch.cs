using Coord.Raft.Core;

namespace Coord.Raft.Driver;

/// <summary>
/// One <see cref="Ready"/>'s share for the disk, copied so that the core may go on. Reused by the owner loop.
/// </summary>
internal sealed class StorageBatch
{
    private readonly List<Entry> _entries = [];
    private readonly List<Message> _messages = [];

    /// <summary>Gets the hard state to persist, if it changed.</summary>
    public HardState? HardState { get; set; }

    /// <summary>Gets the snapshot after which the log starts anew, if one was installed.</summary>
    public SnapshotMetadata? Snapshot { get; private set; }

    /// <summary>Gets a value indicating whether the batch must be durable before its messages leave.</summary>
    public bool MustSync { get; private set; }

    /// <summary>Gets a value indicating whether the core waits for <see cref="Ack"/>.</summary>
    public bool HasAppend { get; private set; }

    /// <summary>Gets a value indicating whether the log has lost nothing any more once the batch is durable.</summary>
    public bool EndsDoubt { get; private set; }

    /// <summary>Gets what to report to the core once the batch is durable.</summary>
    public AppendAck Ack { get; private set; }

    /// <summary>Gets the index below which the log may be purged afterwards; zero for none.</summary>
    public LogIndex PurgeThrough { get; set; }

    /// <summary>Gets the entries to append.</summary>
    public ReadOnlySpan<Entry> Entries => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_entries);

    /// <summary>Gets the messages that may leave once the batch is durable.</summary>
    public ReadOnlySpan<Message> Messages => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_messages);

    /// <summary>Takes over what a <see cref="Ready"/> says, with references on the entries' blocks.</summary>
    /// <param name="ready">What the core wants done.</param>
    /// <param name="earlier">A hard state from before, to be persisted if there is no newer one.</param>
    public void CopyFrom(Ready ready, HardState? earlier)
    {
        HardState = ready.HardState ?? earlier;
        Snapshot = ready.Snapshot;
        MustSync = ready.MustSync;
        HasAppend = ready.HasAppend;
        Ack = ready.AppendAck;
        EndsDoubt = ready.EndsDoubt;
        _entries.AddRange(ready.Entries.Span);
        _messages.AddRange(ready.MessagesAfterAppend);
    }

    /// <summary>Empties the batch for its next use.</summary>
    public void Clear()
    {
        HardState = null;
        Snapshot = null;
        MustSync = false;
        HasAppend = false;
        Ack = default;
        EndsDoubt = false;
        PurgeThrough = default;
        _entries.Clear();
        _messages.Clear();
    }
}
