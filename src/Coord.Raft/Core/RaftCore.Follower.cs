using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The follower's side of the log: appends, heartbeats and snapshots of the leader (Raft §5.3, §7).</summary>
internal sealed partial class RaftCore
{
    private void StepAppend(in Message message)
    {
        Debug.Assert(_role is RaftRole.Follower, "Only a follower takes entries.");
        if (message.Log.Index < _log.Committed)
        {
            // What is committed agrees with the leader's log, whatever this late message says.
            RaftLog.Release(message.Entries.Span);
            Acknowledge(message, _log.Committed);
            return;
        }

        bool fits = Mutants.PreviousTermUnchecked ? message.Log.Index <= _log.Last.Index : _log.Contains(message.Log);
        if (!fits)
        {
            RaftLog.Release(message.Entries.Span);
            if (Mutants.CommitBeyondVerified && message.Commit > _log.Committed)
                _log.CommitTo(LogIndex.Min(message.Commit, _log.Last.Index));
            if (IsRefusedAgain(message))
                return;
            LogIndex held = LogIndex.Min(message.Log.Index, _log.Last.Index);
            if (Mutants.UnverifiedAcknowledged && held > _log.Committed)
            {
                Acknowledge(message, held);
                return;
            }

            EntryId hint = _log.FindConflict(held, message.Log.Term);
            _messagesAfterAppend.Add(Reply(message, MessageKind.AppendResponse) with
            {
                Log = new EntryId(default, message.Log.Index),
                Reject = true,
                Hint = hint,
                Commit = _log.Committed,
            });
            return;
        }

        Accept(message.Entries.Span);
        // Only what this message covers is known to agree; the log behind it may be another leader's.
        LogIndex verified = message.Log.Index + message.Entries.Length;
        LogIndex committed = LogIndex.Min(message.Commit, verified);
        bool isNews = _log.CommitTo(committed) && message.Entries.IsEmpty;
        ForgetPreviousIfKnown(message.Commit);
        if (!isNews || _options.AnswersCommitNews)
            Acknowledge(message, verified);
    }

    /// <summary>Appends what is not there yet, and cuts what conflicts (Raft §5.3).</summary>
    private void Accept(ReadOnlySpan<Entry> entries)
    {
        int known = 0;
        // An entry that is there already is not written again: a late duplicate must not cut acknowledged entries.
        while (!Mutants.EveryAppendTruncates && known < entries.Length && _log.Contains(entries[known].Id))
            known++;
        RaftLog.Release(entries[..known]);
        if (known == entries.Length)
            return;
        LogIndex first = entries[known].Index;
        if (first <= _log.Last.Index)
        {
            Invariant.Check(first > _log.Committed, "A leader's entry conflicts with a committed one.");
            Report(RaftEventKind.LogTruncated, _leader, first - 1, _log.Last.Index.Value);
            _log.TruncateAfter(first - 1);
        }

        foreach (ref readonly Entry entry in entries[known..])
            _log.Append(entry);
    }

    private void Acknowledge(in Message message, LogIndex index) =>
        _messagesAfterAppend.Add(Reply(message, MessageKind.AppendResponse) with
        {
            Log = new EntryId(default, index),
            Commit = _log.Committed,
        });

    private void StepHeartbeat(in Message message)
    {
        // The leader only names what this member has acknowledged. If that is not here it was lost, and what was
        // committed by counting it may be lost too.
        Invariant.Check(
            message.Commit <= _log.Last.Index || _doubt is not null, "Entries that this member acknowledged are gone.");
        _log.CommitTo(LogIndex.Min(message.Commit, _log.Last.Index));
        _messages.Add(Reply(message, MessageKind.HeartbeatResponse) with
        {
            Context = message.Context,
            Commit = _log.Committed,
        });
    }

    private void StepSnapshot(in Message message)
    {
        SnapshotMetadata snapshot = message.Snapshot!;
        EntryId last = snapshot.LastIncluded;
        if (last.Index <= _log.Committed)
        {
            Acknowledge(message, _log.Committed);
        }
        else if (_log.Contains(last))
        {
            // The log is further than the leader thought: it commits, and nothing is replaced.
            _log.CommitTo(last.Index);
            Acknowledge(message, _log.Committed);
        }
        else
        {
            // Raft §7: the snapshot replaces the whole log, also entries behind it, for they are of another history.
            _log.Restore(snapshot);
            _snapshot = snapshot;
            _membership = snapshot.Membership;
            _previous = null;
            _tracker.Apply(_membership, _log.Last.Index, _tick);
            Report(RaftEventKind.SnapshotRestored, message.From, last.Index);
            Acknowledge(message, last.Index);
        }
    }
}
