using System.Buffers;
using System.Runtime.InteropServices;
using Coord.Raft.Diagnostics;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Feeds committed entries to the state machine, and answers those who wait for the results.</summary>
/// <remarks>
/// The only caller of the state machine. Always true:
/// 1. entries are applied in index order, each once;
/// 2. a caller is answered after the state machine was told that the batch is applied, so it reads its own write;
/// 3. the owner hears that something is applied after the state machine was told, so that reads that it lets through
///    see it; and it hears that before it is given a capture of it;
/// 4. an exception of the state machine ends the node: the members must not diverge.
/// The queue is bounded by what feeds it: it holds references to entries of the log, never more than the log.
/// </remarks>
internal sealed class ApplyLoop : ILoop, IDisposable
{
    /// <summary>What an entry costs in memory besides its payload, in bytes.</summary>
    public const int EntryOverhead = 48;

    /// <summary>How many entries other threads may be kept waiting for.</summary>
    public const int MaxQuickEntries = 16;

    // More of them are better off on several threads.
    private const int MaxAnswersHere = 4;

    private const int MaxQuickBytes = 16 * 1024;

    private readonly IStateMachine? _stateMachine;
    private readonly SnapshotStore _snapshots;
    private readonly SessionTable _sessions;
    private readonly IRaftTransport _transport;
    private readonly NodeId _self;
    private readonly Func<long> _clock;
    private readonly SwapQueue<ApplyItem> _queue = new(int.MaxValue);
    private readonly SwapQueue<Applied> _done = new(int.MaxValue);
    private readonly List<Answer> _answers = [];
    private readonly List<PendingProposal> _abandoned = [];
    private readonly ArrayBufferWriter<byte> _response = new();
    private EntryId _applied;
    private EntryId _published;
    private long _appliedBytes;
    private bool _isHolding;

    /// <summary>Creates the loop at the start of the log; a witness has no state machine.</summary>
    public ApplyLoop(
        NodeId self, IStateMachine? stateMachine, SnapshotStore snapshots, int maxSessions, IRaftTransport transport,
        Func<long> clock)
    {
        _clock = clock;
        (_self, _stateMachine, _snapshots, _transport) = (self, stateMachine, snapshots, transport);
        _sessions = new SessionTable(maxSessions);
        snapshots.NoteLoaded(default);
    }

    /// <summary>Gets how many bytes of entries have been applied, ever. Thread-safe.</summary>
    public long AppliedBytes => Volatile.Read(ref _appliedBytes);

    /// <summary>Gets a value indicating whether callers go on on the thread that answers them.</summary>
    public bool AnswersHere { get; init; }

    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal { get; } = new();

    /// <summary>Gets or sets what is called when something was applied.</summary>
    public Action OnDone { get; set; } = static () => { };

    /// <summary>Hands over an item.</summary>
    public void Enqueue(in ApplyItem item) => _queue.TryEnqueue(item);

    /// <summary>Says whether an entry may be applied on a thread that others wait for.</summary>
    public bool IsQuick(in Entry entry) => entry.Kind is EntryKind.Command && entry.Payload.Length <= MaxQuickBytes
        && _stateMachine is not null && _stateMachine.IsQuick(new AppliedCommand(entry.Id, entry.Payload));

    /// <summary>Takes what was applied since the last call.</summary>
    public ReadOnlySpan<Applied> DrainDone() => _done.Drain();

    /// <summary>Loads a snapshot before the loop runs, or by its order.</summary>
    public void Restore(SnapshotMetadata snapshot)
    {
        using Stream stream = _snapshots.OpenRead(snapshot);
        StateCapture.Restore(stream, snapshot.LastIncluded, _sessions, _stateMachine);
        _applied = _published = snapshot.LastIncluded;
        _snapshots.NoteLoaded(_applied.Index);
        _stateMachine?.OnBatchApplied(_applied.Index);
    }

    /// <summary>Captures the present state.</summary>
    public StateCapture Capture()
    {
        _snapshots.NoteLoaded(_applied.Index);
        ArrayBufferWriter<byte> sessions = new();
        _sessions.Write(sessions);
        return new StateCapture(sessions.WrittenMemory, _stateMachine?.Capture());
    }

    /// <inheritdoc/>
    public bool IsNextTurnShort()
    {
        // Taken first, and held until the turn, even if it is nothing: what comes later is looked at before the next.
        ReadOnlySpan<ApplyItem> items = _isHolding && !_queue.Drained.IsEmpty ? _queue.Drained : _queue.Drain();
        _isHolding = true;
        if (items.Length > MaxQuickEntries)
            return false;

        foreach (ref readonly ApplyItem item in items)
        {
            if (!item.IsQuick)
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public bool Pump()
    {
        ReadOnlySpan<ApplyItem> items = _isHolding ? _queue.Drained : _queue.Drain();
        _isHolding = false;
        if (items.IsEmpty)
            return false;

        for (int i = 0; i < items.Length; i++)
        {
            try
            {
                Handle(items[i]);
            }
            catch
            {
                Abandon(items[i..]);
                throw;
            }
        }

        PublishApplied();
        AnswerAll();
        OnDone();
        return true;
    }

    /// <summary>Answers all who still wait; after the loop has ended, which it may have done in the middle.</summary>
    public void FailAll(Exception? failure)
    {
        if (_isHolding)
            Abandon(_queue.Drained);
        Abandon(_queue.Close());
        foreach (ref readonly Answer answer in CollectionsMarshal.AsSpan(_answers))
            _abandoned.Add(answer.Pending);

        // Their entries are committed: they take effect on the other members, and here after a restart.
        foreach (PendingProposal pending in _abandoned)
            pending.Fail(new NodeStoppedException("The node stopped first.", Outcome.Unknown, failure));
        _answers.Clear();
        _abandoned.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Signal.Dispose();

    private void Handle(in ApplyItem item)
    {
        if (item.Restore is not null)
        {
            Restore(item.Restore);
            _done.TryEnqueue(new Applied(_applied, Restored: true));
        }
        else if (item.Capture)
        {
            PublishApplied();
            _done.TryEnqueue(new Applied(_applied, Capture: Capture()));
        }
        else
        {
            ApplyEntry(item);
        }
    }

    private void PublishApplied()
    {
        if (_applied == _published)
            return;

        _published = _applied;
        _stateMachine?.OnBatchApplied(_applied.Index);
        _done.TryEnqueue(new Applied(_applied));
    }

    private void Abandon(ReadOnlySpan<ApplyItem> items)
    {
        foreach (ref readonly ApplyItem item in items)
        {
            if (item.Pending is not null)
                _abandoned.Add(item.Pending);
        }
    }

    private void ApplyEntry(in ApplyItem item)
    {
        Entry entry = item.Entry;
        Invariant.Check(entry.Index == _applied.Index.Next, "Entries are applied in order, without a gap.");
        bool applied = true;
        ApplyResult result = default;
        switch (entry.Kind)
        {
            case EntryKind.Command when _stateMachine is not null:
                result = _stateMachine.Apply(new AppliedCommand(entry.Id, entry.Payload));
                break;
            case EntryKind.OpenSession:
                result = _sessions.Open(entry.Index, entry.Payload.Span);
                break;
            case EntryKind.CloseSession:
                _sessions.Close(entry.Payload.Span);
                break;
            case EntryKind.SessionCommand when _stateMachine is not null:
                applied = _sessions.TryApply(new AppliedCommand(entry.Id, entry.Payload), _stateMachine, out result);
                break;
        }

        _applied = entry.Id;
        Volatile.Write(ref _appliedBytes, _appliedBytes + entry.Payload.Length + EntryOverhead);
        if (entry.Kind is EntryKind.Membership)
        {
            _published = _applied;
            _stateMachine?.OnBatchApplied(_applied.Index);
            _done.TryEnqueue(new Applied(entry.Id, entry));
        }

        if (item.Pending is not null)
        {
            // Read now: once the owner knows that the entry is applied, its memory may be reused.
            ulong refused = applied ? 0 : SessionTable.ReadId(entry.Payload.Span);
            _answers.Add(new Answer(
                item.Pending, entry.Id, applied, refused, result.Value, CopyFor(item.Pending, result)));
        }
    }

    /// <summary>
    /// Copies a result's bytes if anybody still wants them: the state machine will reuse their memory.
    /// </summary>
    private static byte[] CopyFor(PendingProposal pending, in ApplyResult result) =>
        result.Payload.IsEmpty || (pending.ForwardedBy.IsNone && pending.IsCompleted) ? [] : result.Payload.ToArray();

    private void AnswerAll()
    {
        bool answersHere = AnswersHere && _answers.Count <= MaxAnswersHere;
        foreach (ref readonly Answer answer in CollectionsMarshal.AsSpan(_answers))
        {
            PendingProposal pending = answer.Pending;
            ProposalResult result = new(answer.Id, answer.Value, answer.Payload);
            if (!pending.ForwardedBy.IsNone)
            {
                ForwardStatus status = answer.Applied ? ForwardStatus.Applied : ForwardStatus.SessionExpired;
                ForwardCodec.SendResponse(_transport, _response, _self, pending, status, result);
            }

            else if (RaftMetrics.MeasuresCommits)
            {
                RaftMetrics.Committed(_clock() - pending.StartedAt);
            }

            if (answer.Applied && answersHere)
                pending.CompleteHere(result);
            else if (answer.Applied)
                pending.Complete(result);
            else
                pending.Fail(new SessionExpiredException(answer.RefusedSession));
        }

        if (_answers.Count > 0)
            _transport.Flush();

        _answers.Clear();
    }

    private readonly record struct Answer(
        PendingProposal Pending, EntryId Id, bool Applied, ulong RefusedSession, long Value, byte[] Payload);
}
