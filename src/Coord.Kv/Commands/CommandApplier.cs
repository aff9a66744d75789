using System.Buffers;
using System.Runtime.InteropServices;
using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;
using Coord.Kv.Watches;
using Coord.Raft;

namespace Coord.Kv.Commands;

/// <summary>Applies commands to the state. Owned by the state machine; under its lock.</summary>
/// <remarks>
/// Always true:
/// 1. what a command makes depends on the state and the command alone, never on this member's options, clock or
///    readers;
/// 2. a command that is refused has changed nothing, but that the quota may have taken history and raised its alarm;
/// 3. each key that has a lease is among the keys of that lease, which exists, or came from a backup without it.
/// </remarks>
internal sealed partial class CommandApplier(WatchHub watches)
{
    private const int ResultBytesKept = 1024 * 1024;

    private readonly List<KeyVersion> _versions = [];
    private readonly List<long> _numbers = [];
    private readonly TransactionProgram _program = new();
    private readonly ResultSize _size = new();
    private ArrayBufferWriter<byte> _result = new();
    private KeyValueState _state = null!;
    private long _now;

    private MvccStore Store => _state.Store;

    /// <summary>Applies one command.</summary>
    /// <param name="state">To what.</param>
    /// <param name="payload">The command; borrowed.</param>
    /// <param name="now">This member's clock, for deadlines; they are no part of what commands make.</param>
    public ApplyResult Apply(KeyValueState state, ReadOnlyMemory<byte> payload, long now)
    {
        (_state, _now) = (state, now);
        if (payload.IsEmpty)
            return new(Store.Revision); // A new leader's first entry.
        if (!CommandCodec.TryRead(payload, out Command command))
            return Answer(CommandStatus.Malformed, 0);
        if (_state.Alarms.IsCorrupt && IsRefusedWhenCorrupt(command.Kind))
            return Answer(CommandStatus.Corrupt, 0);

        return command.Kind switch
        {
            CommandKind.Put => Put(command),
            CommandKind.Delete => Delete(command),
            CommandKind.Compact => Compact(command),
            CommandKind.Transaction => RunTransaction(command),
            CommandKind.GrantLease => GrantLease(command),
            CommandKind.RevokeLease => RevokeLease(command),
            CommandKind.KeepLeasesAlive => KeepLeasesAlive(command),
            CommandKind.ExpireLeases => ExpireLeases(command),
            CommandKind.CheckpointLeases => CheckpointLeases(command),
            CommandKind.RaiseAlarm => RaiseAlarm(command),
            CommandKind.DisarmAlarm => DisarmAlarm(command),
            CommandKind.PublishMember => PublishMember(command),
            CommandKind.ForgetMember => ForgetMember(command),
            _ => StepCompaction(),
        };
    }

    private static bool IsRefusedWhenCorrupt(CommandKind kind) =>
        kind is CommandKind.Put or CommandKind.Delete or CommandKind.Compact or CommandKind.Transaction
            or CommandKind.GrantLease or CommandKind.RevokeLease or CommandKind.ExpireLeases;

    private ApplyResult Put(in Command command)
    {
        if (_state.Alarms.IsNoSpace)
            return Answer(CommandStatus.SpaceExceeded, _state.UsedBytes);
        if (command.Lease != 0 && !_state.Leases.Contains(command.Lease))
            return Answer(CommandStatus.LeaseNotFound, command.Lease);

        ReadOnlySpan<byte> value = command.Value.Span;
        long lease = command.Lease;
        if (!TryKeep(command.Key.Span, command.Flags, ref value, ref lease))
            return Answer(CommandStatus.KeyMissing, 0);
        if (!HasSpace(KeyVersion.CostOf(command.Key.Length, value.Length), command.Policy))
            return RefuseForSpace(command.Policy);

        Put(command.Key.Span, value, lease, out KeyVersion? previous);
        Commit(command.Policy);
        return command.ReturnsPrevious && previous is { } version
            ? Answer(CommandStatus.Done, 0, new ReadOnlySpan<KeyVersion>(in version))
            : new(Store.Revision);
    }

    private ApplyResult Delete(in Command command)
    {
        KeyRange range = new(command.Key, command.Value);
        _size.Clear();
        if (command.ReturnsPrevious)
            _size.AddRead(Store, range, options: null);
        if (_size.IsTooLarge)
            return Answer(CommandStatus.ResultTooLarge, _size.Bytes);

        _versions.Clear();
        Delete(range, _versions);
        Commit(command.Policy);
        Span<KeyVersion> deleted = CollectionsMarshal.AsSpan(_versions);
        ApplyResult result =
            Answer(CommandStatus.Done, deleted.Length, command.ReturnsPrevious ? deleted : default);
        _versions.Clear();
        return result;
    }

    private ApplyResult Compact(in Command command)
    {
        if (command.Number <= Store.CompactedRevision)
            return Answer(CommandStatus.Compacted, Store.CompactedRevision);
        if (command.Number > Store.Revision)
            return Answer(CommandStatus.FutureRevision, Store.Revision);

        Store.Compact(command.Number);
        return new(Store.Revision);
    }

    /// <summary>Moves compaction on by more than every command does, for who waits for its end.</summary>
    private ApplyResult StepCompaction()
    {
        Store.StepCompaction(MvccStore.ChangesPerCompactionCommand);
        return new(Store.Revision);
    }

    /// <summary>Puts a key within the open transaction, and moves it to its lease.</summary>
    private void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease, out KeyVersion? previous)
    {
        Store.Put(key, value, lease, out previous);
        _state.Leases.Move(key, Mutants.KeyStaysAtLease ? 0 : previous?.Lease ?? 0, lease);
    }

    /// <summary>Deletes a range within the open transaction, and detaches its keys from their leases.</summary>
    private void Delete(KeyRange range, List<KeyVersion> deleted)
    {
        int first = deleted.Count;
        Store.Delete(range, deleted);
        foreach (KeyVersion version in CollectionsMarshal.AsSpan(deleted)[first..])
            _state.Leases.Move(version.Key, version.Lease, to: 0);
    }

    /// <summary>Takes value and lease from the key as it is, as far as the flags say so.</summary>
    /// <returns>False if there is no such key.</returns>
    private bool TryKeep(ReadOnlySpan<byte> key, PutFlags flags, ref ReadOnlySpan<byte> value, ref long lease)
    {
        if ((flags & (PutFlags.KeepValue | PutFlags.KeepLease)) == PutFlags.None)
            return true;
        if (Store.Find(key) is not { } present)
            return false;

        if ((flags & PutFlags.KeepValue) != PutFlags.None)
            value = present.Value;
        if ((flags & PutFlags.KeepLease) != PutFlags.None)
            lease = present.Lease;
        return true;
    }

    /// <summary>Ends the open transaction: a revision, if it changed anything, of which watches learn.</summary>
    private void Commit(WritePolicy policy)
    {
        if (!Store.Commit())
            return;

        for (long i = Store.NewestChanges; i < Store.Changes.End; i++)
            watches.Publish(Store.Changes[i]);

        long oldest = Store.Revision - policy.RetainedRevisions;
        if (policy.RetainedRevisions > 0 && oldest > Store.CompactedRevision)
            Store.Compact(oldest);
    }

    /// <summary>Tells whether a write fits, after giving up history for it as far as the policy allows.</summary>
    private bool HasSpace(long cost, WritePolicy policy)
    {
        if (policy.QuotaBytes == 0 || _state.UsedBytes + cost <= policy.QuotaBytes)
            return true;

        // Nobody may be refused for space that a compaction has given back already but not counted yet.
        Store.StepCompaction(int.MaxValue);
        while (policy.RetainedRevisions > 0
            && _state.UsedBytes + cost > policy.QuotaBytes
            && Store.CompactedRevision < Store.Revision)
        {
            // Half of it at a time, so that watches that are hardly behind can go on.
            long kept = (Store.Revision - Store.CompactedRevision) / 2;
            Store.Compact(Store.Revision - kept);
            Store.StepCompaction(int.MaxValue);
        }

        if (_state.UsedBytes + cost <= policy.QuotaBytes)
            return true;

        // What the newest revision deleted is freed by the revision that this very put makes. Without counting it in
        // advance, a store that was full and then emptied at one stroke would refuse every put for ever.
        return _state.UsedBytes - Store.HeldByNewestRevision() + cost <= policy.QuotaBytes;
    }

    private ApplyResult RefuseForSpace(WritePolicy policy)
    {
        if (policy.Member != 0)
            _state.Alarms.Raise(new(new(policy.Member), AlarmKind.NoSpace));
        return Answer(CommandStatus.SpaceExceeded, _state.UsedBytes);
    }

    private ApplyResult Answer(CommandStatus status, long number, ReadOnlySpan<KeyVersion> previous = default)
    {
        ResultCodec.Write(StartResult(), status, number, previous);
        return EndResult();
    }

    private ArrayBufferWriter<byte> StartResult()
    {
        // One answer of a huge deletion must not hold its memory for ever.
        if (_result.Capacity > ResultBytesKept)
            _result = new();
        _result.ResetWrittenCount();
        return _result;
    }

    private ApplyResult EndResult() => new(Store.Revision, _result.WrittenMemory);
}
