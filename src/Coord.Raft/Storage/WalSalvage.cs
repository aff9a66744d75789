namespace Coord.Raft.Storage;

/// <summary>Reads a damaged log as far as it can be read. Changes nothing.</summary>
/// <remarks>
/// Every record proves by itself that it is whole, and was written at its place in this life of its segment; the chain
/// shows whether something is missing before it. So reading goes on behind what is damaged, and each later record says
/// something of what was there: an entry that it follows another, a start, cut or reset where the log ended, the mark
/// where it ended last. A record that has a later one behind it belongs to a group that was complete.
/// </remarks>
internal sealed class WalSalvage(IFileSystem fileSystem, WalOptions options, WalMarkFile markFile, EntryArena arena)
    : IDisposable
{
    private const int FirstRecord = WalSegmentHeader.PageBytes;
    // Instead of a bound where there is none: more entries than a log has.
    private const long Unbounded = int.MaxValue;

    private static readonly int MostInSegment = WalRecord.MostIn(WalOptions.MaxSegmentBytes);

    private readonly WalSegmentReader _reader = new(fileSystem, options.DirectoryId);
    private readonly FragmentedLog _log = new();
    private readonly List<Item> _group = [];
    private HardState _hardState;
    private bool _isHardStateCertain = true;

    // Something was lost behind what was read last: how much at most, in records, and whether an entry may be, or an
    // order to cut the log.
    private bool _isGap;
    private bool _isOrderInGap;
    private bool _isEndLost;
    private bool _isOrderLost;
    private long _lostRecords;
    private (ulong Epoch, int Offset) _end;
    private bool _isSealed;
    private bool _isChainKnown;
    private uint _checksum;

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    /// <summary>Reads everything.</summary>
    /// <exception cref="LogCorruptedException">What was read contradicts itself: it is no mere damage.</exception>
    public SalvagedLog Run(IReadOnlyList<(ulong Epoch, string Path)> files)
    {
        WalMark mark = markFile.Mark;
        for (int i = 0; i < files.Count; i++)
        {
            if (i > 0 && files[i].Epoch != files[i - 1].Epoch + 1)
                NoteGap(MostInSegment);
            ReadSegment(files[i].Epoch, files[i].Path, mark);
        }

        FinishGroup(mark);
        if (mark.Epoch > _end.Epoch || (mark.Epoch == _end.Epoch && mark.Offset > _end.Offset))
        {
            TakeMark(mark);
            _end = (mark.Epoch, mark.Offset);
            _isSealed = false;
        }
        else if ((mark.HardState.Term, mark.HardState.Vote) != (_hardState.Term, _hardState.Vote))
        {
            // What was saved apart is older than the log's end; its term and vote may be what the log has lost.
            HardState state = mark.HardState;
            if (state.Term > _hardState.Term || (state.Term == _hardState.Term && _hardState.Vote.IsNone))
                _hardState = state;
        }

        long lost = CountLostAtEnd(files) + (IsEndMissing(files) ? Unbounded : 0);
        LogDoubt? earlier = mark.Doubt is { } noted && !noted.IsResolvedBy(_log.Last) ? noted : null;
        return new SalvagedLog
        {
            Entries = _log,
            HardState = _hardState,
            IsHardStateCertain = markFile.IsHardStateCurrent || (_isHardStateCertain && lost == 0),
            Doubt = lost == 0 ? earlier : new LogDoubt(_hardState.Term, _log.Last.Index + lost).With(earlier),
        };
    }

    private void ReadSegment(ulong epoch, string path, in WalMark mark)
    {
        _reader.LoadDamaged(path, epoch);
        bool isBegun = false;
        int offset = FirstRecord;
        while (true)
        {
            if (!_reader.TryRead(offset, out WalRecord record))
            {
                int next = _reader.FindWhole(offset + 8);
                if (next < 0)
                    break;

                NoteGap(WalRecord.MostIn(next - offset), MayHaveBeenOrder(offset, next));
                offset = next;
                continue;
            }

            if (!isBegun)
                FinishGroupBefore(epoch);
            isBegun = true;
            if (_isChainKnown && record.PreviousChecksum != _checksum && !_isGap)
                NoteGap(MostInSegment);
            _isChainKnown = true;
            _checksum = record.Checksum;
            offset += record.Size;
            bool isAtMark = (epoch, offset) == (mark.Epoch, mark.Offset);
            if (isAtMark && _checksum != mark.Checksum)
                throw new LogCorruptedException(path, offset, "its end is not the one that was durable here.");

            ReadOnlyMemory<byte> payload = Copy(record, offset - record.Size, out EntryBlock? block);
            Take(new Item(record, payload, block, _isGap, _isOrderInGap));
            (_isGap, _isOrderInGap) = (false, false);
            if (_group.Count == 0)
                _end = (epoch, offset);
            _isSealed = record.Kind is WalRecordKind.Seal;
            if (isAtMark)
                TakeMark(mark);
        }
    }

    private void TakeMark(in WalMark mark)
    {
        EndAt(mark.Last);
        Note(mark.HardState);
    }

    // A group does not span segments, and a segment is begun when all before it is durable.
    private void FinishGroupBefore(ulong epoch)
    {
        if (_group.Count == 0)
            return;

        ApplyGroup();
        NoteGap(MostInSegment);
        _end = (epoch, FirstRecord);
    }

    private void Take(in Item item)
    {
        if ((item.Record.Flags & WalRecord.FirstOfGroup) != 0 && _group.Count > 0)
            ApplyGroup(); // Its end was lost.

        _group.Add(item);
        if ((item.Record.Flags & WalRecord.LastOfGroup) != 0)
            ApplyGroup();
    }

    /// <summary>Decides about a group at the very end that has no end.</summary>
    private void FinishGroup(in WalMark mark)
    {
        if (_group.Count == 0)
            return;

        if (mark.Epoch > _end.Epoch || (mark.Epoch == _end.Epoch && mark.Offset > _end.Offset))
            ApplyGroup();
        _group.Clear();
    }

    private void ApplyGroup()
    {
        foreach (Item item in _group)
            Apply(item);

        _group.Clear();
    }

    private void Apply(in Item item)
    {
        _isEndLost |= item.IsBehindGap;
        _isOrderLost |= item.IsBehindOrder;

        EntryId id = item.Record.Id;
        switch (item.Record.Kind)
        {
            case WalRecordKind.Entry:
                _log.Add(new Entry(id, item.Record.EntryKind, item.Payload, item.Block), follows: !_isOrderLost);
                KnowEnd();
                break;
            case WalRecordKind.HardState when item.Payload.Length == WalReplay.HardStatePayloadBytes:
                Note(WalReplay.ReadHardState(id, item.Payload.Span));
                break;
            case WalRecordKind.Cut:
                EndAt(id);
                break;
            case WalRecordKind.Reset:
                _log.BeginAfter(id);
                KnowEnd();
                break;
            case WalRecordKind.Start when item.Payload.Length == WalReplay.StartPayloadBytes:
                EndAt(id);
                Note(WalReplay.ReadStart(item.Payload.Span));
                break;
        }
    }

    private void EndAt(EntryId id)
    {
        _log.EndAt(id);
        KnowEnd();
    }

    private void KnowEnd() => (_isEndLost, _isOrderLost, _lostRecords) = (false, false, 0);

    private void Note(in HardState state)
    {
        _hardState = state;
        _isHardStateCertain = true;
        // What is committed is what was lost here, not what is left from before.
        if (!_isEndLost)
            _log.NoteCommit(state.Commit);
    }

    /// <summary>
    /// Tells whether a cut or a reset may have been where something is damaged: if not, the log went on there, and an
    /// entry behind it that is the next by its index is the next.
    /// </summary>
    private bool MayHaveBeenOrder(int offset, int next)
    {
        // An order has no payload, so it is as small as a record can be, and two records are larger than this.
        int bytes = next - offset;
        if (bytes < 2 * WalRecord.HeaderBytes)
            return bytes == WalRecord.HeaderBytes;

        // One record was here if it names the one before, and is named by the one behind.
        bool wasOneRecord = _isChainKnown
            && _reader.TryReadHeader(offset, out WalRecord header)
            && header.Size == bytes
            && header.PreviousChecksum == _checksum
            && _reader.TryRead(next, out WalRecord following)
            && following.PreviousChecksum == header.Checksum;
        return !wasOneRecord;
    }

    private void NoteGap(long records, bool mayBeOrder = true)
    {
        _isGap = true;
        _isOrderInGap |= mayBeOrder;
        _isHardStateCertain = false;
        _lostRecords += records;
    }

    private ReadOnlyMemory<byte> Copy(in WalRecord record, int offset, out EntryBlock? block)
    {
        block = null;
        if (record.PayloadBytes == 0)
            return default;

        Memory<byte> copy = arena.Allocate(record.PayloadBytes, out block);
        _reader.Segment.Slice(offset + WalRecord.HeaderBytes, record.PayloadBytes).CopyTo(copy.Span);
        return copy;
    }

    /// <summary>Bounds how many entries may have been behind the last one that is known of.</summary>
    private long CountLostAtEnd(IReadOnlyList<(ulong Epoch, string Path)> files)
    {
        long records = _isEndLost ? _lostRecords : 0;
        foreach ((ulong epoch, string path) in files)
        {
            if (epoch < _end.Epoch)
                continue;

            _reader.LoadDamaged(path, epoch);
            int end = epoch == _end.Epoch ? _end.Offset : FirstRecord;
            if (end < _reader.Segment.Length)
                records += WalRecord.MostIn(_reader.MeasureTorn(end));
            records += WalRecord.MostIn(_reader.MissingBytes);
        }

        return records;
    }

    /// <summary>Tells whether a file is missing in which the log ended, or went on behind its known end.</summary>
    private bool IsEndMissing(IReadOnlyList<(ulong Epoch, string Path)> files)
    {
        ulong last = Math.Max(files[^1].Epoch, _isSealed ? _end.Epoch + 1 : _end.Epoch);
        return (ulong)files.Count(file => file.Epoch >= _end.Epoch) != last - _end.Epoch + 1;
    }

    private readonly record struct Item(
        WalRecord Record, ReadOnlyMemory<byte> Payload, EntryBlock? Block, bool IsBehindGap, bool IsBehindOrder);
}
