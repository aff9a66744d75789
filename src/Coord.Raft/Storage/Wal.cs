using System.Buffers.Binary;
using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>The write-ahead log of one member: hard state and entries, durable in atomic groups.</summary>
/// <remarks>
/// <para>
/// The storage loop owns it and is the only caller, but for <see cref="PrepareNextSegment"/> and
/// <see cref="NeedsNextSegment"/>. What is always true: (1) a group counts as a whole or not at all; (2) the current
/// segment has its full size before it is written to, so no commit waits for the file system to allocate; (3) nothing
/// of a segment is written before all of the segment before it is durable; (4) after a failed write or sync the log
/// is closed for good, because the kernel may report the next sync as a success for bytes that it has dropped.
/// </para>
/// <para>FORMAT.md describes the bytes. Appending and syncing allocate nothing.</para>
/// </remarks>
internal sealed partial class Wal : IDisposable
{
    private static readonly int SealBytes = WalRecord.SizeOf(0);
    private static readonly int IdBytes = WalRecord.SizeOf(0);
    private static readonly int HardStateBytes = WalRecord.SizeOf(WalReplay.HardStatePayloadBytes);
    private static readonly int StartBytes = WalRecord.SizeOf(WalReplay.StartPayloadBytes);

    private readonly WalOptions _options;
    private readonly WalIndex _index;
    private readonly WalSegmentAllocator _allocator;
    private readonly WalMarkFile _markFile;
    private readonly WalBuffer _buffer = new();

    private IFile _file;
    private string _path;
    private ulong _epoch;
    private uint _salt;
    private int _segmentBytes;
    private uint _checksum;
    private WalMark _durable;
    private Exception? _failure;
    private bool _isRewriting;
    private bool _isDisposed;

    /// <summary>Gets the last staged hard state.</summary>
    public HardState HardState => _index.HardState;

    /// <summary>Gets the id of the entry before the first one that the log holds.</summary>
    public EntryId LogBase => _index.Base;

    /// <summary>Gets the id of the last staged entry, or of the base if there is none.</summary>
    public EntryId LastEntry => _index.Last;

    /// <summary>Gets the last index that is durable.</summary>
    public LogIndex DurableIndex => _durable.Last.Index;

    /// <summary>Gets what the log may have lost at its end, or null if nothing.</summary>
    public LogDoubt? Doubt => _durable.Doubt;

    /// <summary>Gets the number of segments that hold records.</summary>
    public int SegmentCount => _index.Segments.Count;

    /// <summary>Gets the offset in the current segment behind the last staged record.</summary>
    public int SegmentOffset => _buffer.End;

    /// <summary>Gets the file of the current segment.</summary>
    public string SegmentPath => _path;

    /// <summary>Gets a value indicating whether something was appended that is not durable yet.</summary>
    public bool IsDirty => _buffer.End != DurableOffset;

    /// <summary>Gets a value indicating whether <see cref="PrepareNextSegment"/> has something to do.</summary>
    public bool NeedsNextSegment => _allocator.NeedsSegment;

    // Up to where the current segment is durable; zero if only the segments before it are.
    private int DurableOffset => _durable.Epoch == _epoch ? _durable.Offset : 0;

    private int Room => _segmentBytes - SealBytes - _buffer.End;

    // What fits in the next segment. This one's size is another if the option was changed; it need not hold as much.
    private int FreshRoom => _options.SegmentBytes - FirstRecordOffset - StartBytes - SealBytes;

    /// <summary>
    /// Allocates the segment after the current one, so that no commit has to. May run on another thread, beside
    /// everything else. If nobody calls it in time, the append that needs the segment allocates it.
    /// </summary>
    /// <exception cref="IOException">
    /// The disk is full, or failed. The log is unharmed, and goes on until the current segment is full.
    /// </exception>
    /// <exception cref="StorageFailedException">The log is closed after a failure.</exception>
    public void PrepareNextSegment()
    {
        ThrowIfFailed();
        _allocator.Prepare();
    }

    /// <summary>Stages one atomic group. It is not durable before <see cref="Sync"/> returns.</summary>
    /// <remarks>
    /// A batch of entries beyond what fits in one write is staged as several groups, in order, the first with the term
    /// and vote: a crash then keeps a part of an append that nobody was told of, as Raft allows.
    /// </remarks>
    /// <param name="hardState">The new hard state, or null if it has not changed.</param>
    /// <param name="entries">
    /// Entries without a gap. The first, at an existing index, replaces it and all that follow.
    /// </param>
    /// <param name="reset">
    /// The last entry of an installed snapshot: the log becomes empty and goes on behind it. Null otherwise.
    /// </param>
    /// <exception cref="InvariantViolationException">The group contradicts the log. Nothing was staged.</exception>
    /// <exception cref="StorageFailedException">A write failed, now or before; the log is closed.</exception>
    public void Append(HardState? hardState, ReadOnlySpan<Entry> entries, EntryId? reset)
    {
        ThrowIfFailed();
        EntryId? cut = CheckGroup(hardState, entries, reset);
        if (hardState is null && entries.IsEmpty && reset is null)
            return;

        int largest = Math.Min(_options.MaxBufferBytes, FreshRoom);
        do
        {
            int overhead = (hardState is null ? 0 : HardStateBytes) + (reset is null && cut is null ? 0 : IdBytes);
            int count = Fit(entries, largest - overhead, out int bytes);
            bytes += overhead;
            if (bytes > Room)
                Rotate();
            if (_buffer.PendingBytes > 0 && _buffer.PendingBytes + bytes > _options.MaxBufferBytes)
                Flush();

            StageGroup(hardState, entries[..count], reset, cut, isLast: count == entries.Length);
            entries = entries[count..];
            reset = null;
            cut = null;
        }
        while (!entries.IsEmpty);
    }

    /// <summary>Writes the staged groups without making them durable.</summary>
    /// <exception cref="StorageFailedException">A write failed, now or before; the log is closed.</exception>
    public void Flush()
    {
        ThrowIfFailed();
        if (_buffer.PendingBytes == 0)
            return;

        try
        {
            _file.Write(_buffer.PendingPages, _buffer.PendingOffset);
        }
        catch (IOException e)
        {
            throw Fail("write to", _path, e);
        }

        _buffer.MarkWritten();
    }

    /// <summary>Makes all groups durable: one write and one data sync.</summary>
    /// <exception cref="StorageFailedException">
    /// The write or sync failed, now or before. What was staged since the last success may or may not be on disk.
    /// </exception>
    public void Sync()
    {
        Flush();
        if (!IsDirty)
            return;

        try
        {
            _file.Sync();
        }
        catch (IOException e)
        {
            throw Fail("sync of", _path, e);
        }

        Debug.Assert(_buffer.PendingBytes == 0, "All that is staged was written before the sync.");
        _durable = new WalMark(_epoch, _buffer.WrittenEnd, _checksum, _index.Last, _index.HardState)
        {
            Doubt = _durable.Doubt,
        };

        // Term and vote are promises that nobody else remembers: they are kept in two places before anybody hears of
        // them. Entries can be had from others, and elections are rare enough for a second sync.
        HardState saved = _markFile.Mark.HardState;
        if ((saved.Term, saved.Vote) != (_index.HardState.Term, _index.HardState.Vote) && !_isRewriting)
            SaveDurableMark();
    }

    /// <summary>Forgets, durably, that the log may have lost something: all of it is there again.</summary>
    /// <exception cref="StorageFailedException">A write or sync failed, now or before; the log is closed.</exception>
    public void EndDoubt()
    {
        Sync();
        _durable = _durable with { Doubt = null };
        SaveDurableMark();
    }

    /// <summary>Saves, apart from the log, up to where it is durable. Call it when idle, and before closing.</summary>
    /// <exception cref="StorageFailedException">The write or sync failed, now or before; the log is closed.</exception>
    public void SaveDurableMark()
    {
        ThrowIfFailed();
        if (_markFile.Mark == _durable && _markFile.IsHardStateCurrent)
            return; // Else it says less than is known, or one of its copies is damaged and is made good.

        try
        {
            _markFile.Save(_durable);
        }
        catch (IOException e)
        {
            throw Fail("write to", WalMarkFile.Name, e);
        }
    }

    /// <summary>Gives up the oldest segments whose entries are all at or below an index.</summary>
    /// <param name="index">An applied index for which a snapshot is durable.</param>
    /// <exception cref="StorageFailedException">A file operation failed, now or before; the log is closed.</exception>
    public void PurgeThrough(LogIndex index)
    {
        ThrowIfFailed();
        if (_index.OldestUpTo(index) is null)
            return;

        // What replaces the old segments must be durable before they go: the start record of the one that follows,
        // and a cut or reset that made their entries void.
        Sync();
        while (_index.OldestUpTo(index) is { } oldest)
        {
            try
            {
                _allocator.Retire(oldest);
            }
            catch (IOException e)
            {
                throw Fail("purge of", oldest.Path, e);
            }

            _index.DropOldest();
        }
    }

    /// <summary>Syncs and saves the durable mark, if the log has not failed, and closes it.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;

        _isDisposed = true;
        if (_failure is null)
        {
            try
            {
                Sync();
                SaveDurableMark();
            }
            catch (StorageFailedException)
            {
                // Whoever needs to know has called Sync. Nobody was promised anything about the rest.
            }
        }

        _failure ??= new ObjectDisposedException(nameof(Wal));
        _file.Dispose();
        _allocator.Dispose();
        _markFile.Dispose();
    }

    private EntryId? CheckGroup(HardState? hardState, ReadOnlySpan<Entry> entries, EntryId? reset)
    {
        if (hardState is { } state && _index.WhyNot(state) is { } wrongState)
            throw new InvariantViolationException($"Hard state: {wrongState}.");

        EntryId before = reset ?? _index.Last;
        EntryId? cut = null;
        if (reset is { } restart)
        {
            if (_index.WhyNotReset(restart) is { } wrongReset)
                throw new InvariantViolationException($"Reset: {wrongReset}.");
        }
        else if (!entries.IsEmpty && entries[0].Index <= before.Index)
        {
            Invariant.Check(entries[0].Index > _index.Base.Index, "What a snapshot covers is never written again.");
            before = _index.IdAt(entries[0].Index - 1);
            cut = before;
            if (_index.WhyNotCut(before) is { } wrongCut)
                throw new InvariantViolationException($"Append: {wrongCut}.");
        }

        int largest = FreshRoom - HardStateBytes - IdBytes;
        foreach (ref readonly Entry entry in entries)
        {
            Invariant.Check(entry.Index == before.Index.Next, "Entries follow each other without a gap.");
            Invariant.Check(entry.Term >= before.Term, "Terms do not fall along the log.");
            Invariant.Check(WalRecord.SizeOf(entry.Payload.Length) <= largest, "An entry fits in a segment.");
            before = entry.Id;
        }

        Invariant.Check(
            hardState is null || hardState.Value.Commit <= before.Index, "What is committed has been appended.");
        return cut;
    }

    private static int Fit(ReadOnlySpan<Entry> entries, int budget, out int bytes)
    {
        bytes = 0;
        int count = 0;
        foreach (ref readonly Entry entry in entries)
        {
            int size = WalRecord.SizeOf(entry.Payload.Length);
            // At least one, however small the write buffer is meant to be: it grows.
            if (bytes + size > budget && count > 0)
                break;

            bytes += size;
            count++;
        }

        return count;
    }

    private void StageGroup(
        HardState? hardState, ReadOnlySpan<Entry> entries, EntryId? reset, EntryId? cut, bool isLast)
    {
        int left = entries.Length + (hardState is null ? 0 : 1) + (reset is null && cut is null ? 0 : 1);
        byte flags = WalRecord.FirstOfGroup;
        if (reset is { } restart)
        {
            StageRecord(WalRecordKind.Reset, Flags(), restart, default, default);
            _index.Reset(restart);
        }
        else if (cut is { } end)
        {
            StageRecord(WalRecordKind.Cut, Flags(), end, default, default);
            _index.Cut(end);
        }

        foreach (ref readonly Entry entry in entries)
        {
            StageRecord(WalRecordKind.Entry, Flags(), entry.Id, entry.Kind, entry.Payload.Span);
            _index.Add(entry.Id);
        }

        // Behind the entries, because a cut is checked against the commit index that was known before.
        if (hardState is { } state)
        {
            if (!isLast)
            {
                LogIndex here = LogIndex.Min(state.Commit, LastEntry.Index);
                state = state with { Commit = LogIndex.Max(HardState.Commit, here) };
            }

            Span<byte> vote = stackalloc byte[WalReplay.HardStatePayloadBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(vote, state.Vote.Value);
            StageRecord(WalRecordKind.HardState, Flags(), new EntryId(state.Term, state.Commit), default, vote);
            _index.SetHardState(state);
        }

        Debug.Assert(left == 0, "The last record closes the group.");

        byte Flags()
        {
            byte result = --left == 0 ? (byte)(flags | WalRecord.LastOfGroup) : flags;
            flags = 0;
            return result;
        }
    }

    private void StageRecord(
        WalRecordKind kind, byte flags, EntryId id, EntryKind entryKind, ReadOnlySpan<byte> payload)
    {
        int offset = _buffer.End;
        WalRecord header = new()
        {
            Kind = kind,
            Flags = flags,
            Id = id,
            EntryKind = entryKind,
            PreviousChecksum = _checksum,
            DurableOffset = (uint)DurableOffset,
        };
        Span<byte> record = _buffer.Reserve(WalRecord.SizeOf(payload.Length));
        _checksum = WalRecord.Write(record, header, payload, new WalPlace(_epoch, _salt, offset));
        Debug.Assert(_buffer.End <= _segmentBytes, "A segment is never extended.");
    }

    private void StageStart()
    {
        Span<byte> state = stackalloc byte[WalReplay.StartPayloadBytes];
        WalReplay.WriteStart(state, HardState);
        StageRecord(
            WalRecordKind.Start, WalRecord.FirstOfGroup | WalRecord.LastOfGroup, LastEntry, default, state);
        _index.StartSegment(_epoch, _path);
    }

    private void Rotate()
    {
        try
        {
            // Before the seal: it promises that the next segment exists.
            _allocator.Prepare();
        }
        catch (IOException e)
        {
            throw Fail("allocation of the segment after", _path, e);
        }

        EntryId successor = new(Term.Zero, new LogIndex((long)_epoch + 1));
        StageRecord(
            WalRecordKind.Seal, WalRecord.FirstOfGroup | WalRecord.LastOfGroup, successor, default, default);
        Sync();
        _file.Dispose();

        PreparedSegment next = _allocator.Take();
        Debug.Assert(next.Header.Epoch == _epoch + 1, "Epochs have no gap.");
        Enter(next.File, next.Path, next.Header);
        _buffer.MoveTo(FirstRecordOffset, default);
        StageStart();
    }
}
