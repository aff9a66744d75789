using System.Buffers.Binary;
using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>Turns the records of a log back into hard state and entries, group by group.</summary>
/// <remarks>
/// Trusts nothing: a record that contradicts the log so far is a problem with a name, never an index out of range.
/// Nothing of a group counts before its last record has been seen.
/// </remarks>
internal sealed class WalReplay(EntryArena arena, LogTrail trail)
{
    /// <summary>The size of a start record's payload.</summary>
    public const int StartPayloadBytes = 32;

    /// <summary>The size of a hard state's payload: the vote.</summary>
    public const int HardStatePayloadBytes = 8;

    private readonly List<(WalRecord Record, int Offset)> _group = [];
    private readonly RecoveredEntries _entries = new(trail);
    private string _path = "";

    /// <summary>Gets the log so far.</summary>
    public WalIndex Index { get; } = new();

    /// <summary>Gets the entries so far.</summary>
    public RecoveredEntries Entries => _entries;

    /// <summary>Gets a value indicating whether a group has begun and not ended.</summary>
    public bool IsInsideGroup => _group.Count > 0;

    /// <summary>Moves to a segment.</summary>
    public void Enter(string path)
    {
        Debug.Assert(!IsInsideGroup, "A group does not span segments.");
        _path = path;
    }

    /// <summary>Forgets a group that has no end.</summary>
    public void AbandonGroup() => _group.Clear();

    /// <summary>Takes a whole record; returns what is wrong with it, or null.</summary>
    public string? Accept(in WalRecord record, ReadOnlySpan<byte> segment, in WalPlace place)
    {
        bool first = (record.Flags & WalRecord.FirstOfGroup) != 0;
        if (first == IsInsideGroup)
            return first ? "a group begins inside another" : "a group has no beginning";
        if ((record.Kind is WalRecordKind.Start) != (place.Offset == WalSegmentHeader.PageBytes))
            return "a start record is where none belongs, or missing";

        if (first && (record.Flags & WalRecord.LastOfGroup) != 0)
            return Apply(record, segment, place) ?? CheckCommit();

        _group.Add((record, place.Offset));
        if ((record.Flags & WalRecord.LastOfGroup) == 0)
            return null;

        foreach ((WalRecord member, int offset) in _group)
        {
            if (Apply(member, segment, place with { Offset = offset }) is { } problem)
                return problem;
        }

        _group.Clear();
        return CheckCommit();
    }

    /// <summary>Encodes the payload of a start record.</summary>
    public static void WriteStart(Span<byte> payload, HardState state)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, state.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], state.Vote.Value);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], state.Commit.Value);
        payload[24..StartPayloadBytes].Clear();
    }

    /// <summary>Decodes the payload of a start record: the state before the segment.</summary>
    public static HardState ReadStart(ReadOnlySpan<byte> payload) => new(
        new Term(BinaryPrimitives.ReadInt64LittleEndian(payload)),
        new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..])),
        new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(payload[16..])));

    /// <summary>Decodes a hard state from its record's id and payload.</summary>
    public static HardState ReadHardState(EntryId id, ReadOnlySpan<byte> payload) =>
        new(id.Term, new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(payload)), id.Index);

    private string? CheckCommit() =>
        Index.HardState.Commit > Index.Last.Index
            ? $"entries up to {Index.HardState.Commit} are committed, and the log ends with {Index.Last}"
            : null;

    private string? Apply(in WalRecord record, ReadOnlySpan<byte> segment, in WalPlace place)
    {
        ReadOnlySpan<byte> payload = segment.Slice(place.Offset + WalRecord.HeaderBytes, record.PayloadBytes);
        EntryId id = record.Id;
        if (id.Term < Term.Zero || id.Index < LogIndex.Zero)
            return $"{id} is not an id";

        switch (record.Kind)
        {
            case WalRecordKind.Entry:
                return AddEntry(record, payload);

            case WalRecordKind.HardState when payload.Length == HardStatePayloadBytes:
                HardState next = ReadHardState(id, payload);
                if (Index.WhyNot(next) is { } wrongState)
                    return wrongState;
                Index.SetHardState(next);
                return null;

            case WalRecordKind.Cut when payload.IsEmpty:
                if (Index.WhyNotCut(id) is { } wrongCut)
                    return wrongCut;
                Index.Cut(id);
                if (!Mutants.CutForgottenOnRecovery)
                    _entries.CutAfter(id);
                return null;

            case WalRecordKind.Reset when payload.IsEmpty:
                if (Index.WhyNotReset(id) is { } wrongReset)
                    return wrongReset;
                Index.Reset(id);
                _entries.CutAfter(EntryId.Zero);
                _entries.CutAfter(id);
                return null;

            case WalRecordKind.Start when payload.Length == StartPayloadBytes:
                return Start(id, payload, place.Epoch);

            case WalRecordKind.Seal when payload.IsEmpty:
                return id.Index.Value == (long)place.Epoch + 1 ? null : "the seal names another successor";

            default:
                return $"a record of kind {(byte)record.Kind} with {payload.Length} bytes is not in the format";
        }
    }

    private string? Start(EntryId last, ReadOnlySpan<byte> payload, ulong epoch)
    {
        HardState state = ReadStart(payload);
        if (Index.Segments.Count == 0)
        {
            Index.Restore(state, last);
            _entries.CutAfter(last);
        }
        else if (state != Index.HardState || last != Index.Last)
            return $"the segment starts with {state}, {last}; the log before ends with {Index.HardState}, {Index.Last}";

        Index.StartSegment(epoch, _path);
        return null;
    }

    private string? AddEntry(in WalRecord record, ReadOnlySpan<byte> payload)
    {
        if (Index.WhyNotNext(record.Id) is { } problem)
            return problem;

        Index.Add(record.Id);
        if (_entries.Skips(record.Id.Index))
        {
            _entries.CutAfter(record.Id);
            return null;
        }

        EntryBlock? block = null;
        Memory<byte> copy = payload.IsEmpty ? default : arena.Allocate(payload.Length, out block);
        payload.CopyTo(copy.Span);
        _entries.Add(new Entry(record.Id, record.EntryKind, copy, block));
        return null;
    }
}
