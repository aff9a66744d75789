using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>Finds out, when a log is opened, what it holds, and makes its end fit to be written to.</summary>
/// <remarks>
/// <para>
/// The one decision that matters is what a damaged record is. It is corrupt, and the log is refused and left to a
/// repair, if anything proves that it was durable once: the mark lies behind it, or a whole record behind it was
/// written when it was durable, or a later segment has been begun. Otherwise it looks like the torn end of the last
/// write, which nobody was told to be durable: it is cut off. In case it was not that, the doubt is noted first.
/// </para>
/// <para>
/// What was read may have come from the kernel's memory and not from the disk, after a crash of the process or a sync
/// that failed. So whatever is not known durable is written again and synced before the log is used.
/// </para>
/// </remarks>
internal sealed class WalOpener : IDisposable
{
    private const int FirstRecord = WalSegmentHeader.PageBytes;
    private const int WriteStepBytes = 1024 * 1024;

    private readonly IFileSystem _fileSystem;
    private readonly WalOptions _options;
    private readonly WalMarkFile _markFile;
    private readonly WalMark _mark;
    private readonly WalSegmentReader _reader;
    private readonly WalReplay _replay;
    private readonly List<(ulong Epoch, string Path)> _files;

    // The end of the whole groups in the segment that was read last, and how much of it is known durable.
    private int _end;
    private int _known;
    private int _bad;
    private uint _checksum;
    private LogIndex _durableIndex;

    public WalOpener(
        IFileSystem fileSystem, WalOptions options, WalMarkFile markFile, EntryArena arena,
        List<(ulong Epoch, string Path)> files)
    {
        _fileSystem = fileSystem;
        _options = options;
        (_markFile, _mark) = (markFile, markFile.Mark);
        _files = files;
        _reader = new WalSegmentReader(fileSystem, options.DirectoryId);
        _replay = new WalReplay(arena, options.Trail);
    }

    /// <summary>Gets the log that was read.</summary>
    public WalIndex Index => _replay.Index;

    /// <summary>Gets the offset in the current segment where writing goes on.</summary>
    public int End => _end;

    /// <summary>Gets the checksum of the last record.</summary>
    public uint Checksum => _checksum;

    /// <summary>Gets the header of the current segment.</summary>
    public WalSegmentHeader Header => _reader.Header;

    /// <summary>Gets the file of the current segment.</summary>
    public string Path => _reader.Path;

    /// <summary>Gets the bytes between the start of the page in which writing goes on and <see cref="End"/>.</summary>
    public ReadOnlySpan<byte> PageBeforeEnd =>
        _reader.Segment[(_end / WalSegmentHeader.PageBytes * WalSegmentHeader.PageBytes).._end];

    /// <summary>Gets a value indicating whether the current segment has no start record yet.</summary>
    public bool IsUnstarted { get; private set; }

    /// <summary>Gets the files behind the current segment: prepared and not yet begun.</summary>
    public IEnumerable<(ulong Epoch, string Path)> Prepared => _files.Where(file => file.Epoch > Header.Epoch);

    /// <summary>Reads everything, decides about the end, and makes it durable.</summary>
    public WalRecovery Run()
    {
        if (_mark.Epoch > _files[^1].Epoch)
        {
            throw new LogCorruptedException(
                PathOf(_mark.Epoch), 0,
                "it is missing, and the mark says that the log goes on in it. Restore it or replace the member.");
        }

        bool isSealed = false;
        int current = -1;
        do
        {
            current++;
            if (current == _files.Count)
            {
                throw new LogCorruptedException(
                    PathOf(_files[^1].Epoch + 1), 0, "it is missing. Restore it or replace the member.");
            }

            int sealedAt = _end;
            int sealedKnown = _known;
            isSealed = ReadSegment(current);
            if (_end == FirstRecord)
                ResecurePrevious(current, sealedAt, sealedKnown);
        }
        while (isSealed);

        return Finish(current);
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private bool ReadSegment(int number)
    {
        (ulong epoch, string path) = _files[number];
        _reader.Load(path, epoch);
        _replay.Enter(path);
        _known = FirstRecord;
        _end = FirstRecord;
        int offset = FirstRecord;
        uint checksum = _checksum;
        // The oldest segment's chain begins in a segment that is gone.
        bool isChainKnown = number > 0;
        bool reloaded = false;
        while (true)
        {
            if (!_reader.TryRead(offset, out WalRecord record)
                || (isChainKnown && record.PreviousChecksum != checksum))
            {
                if (reloaded)
                    break;

                reloaded = true;
                _reader.ReloadFrom(offset);
                continue;
            }

            WalPlace place = new(epoch, 0, offset);
            if (_replay.Accept(record, _reader.Segment, place) is { } problem)
                throw Corrupt(offset, $"{problem}.");

            isChainKnown = true;
            reloaded = false;
            offset += record.Size;
            checksum = record.Checksum;
            if (record.DurableOffset > _known && record.DurableOffset <= offset)
                _known = (int)record.DurableOffset;
            if (_replay.IsInsideGroup)
                continue;

            _end = offset;
            _checksum = checksum;
            CheckMark(epoch);
            if (record.Kind is WalRecordKind.Seal)
                return true;
        }

        _bad = offset;
        _replay.AbandonGroup();
        return false;
    }

    private void CheckMark(ulong epoch)
    {
        if (epoch != _mark.Epoch || _known >= _mark.Offset || _end < _mark.Offset)
            return;

        if (_end != _mark.Offset || _checksum != _mark.Checksum || _replay.Index.HardState != _mark.HardState)
            throw Corrupt(_end, "its records are whole and are not those that were durable here: an older copy.");

        _known = _end;
        _durableIndex = _mark.Last.Index;
    }

    private WalRecovery Finish(int current)
    {
        if (current == 0 && _end == FirstRecord)
            throw Corrupt(FirstRecord, "the log's oldest segment has no beginning. Restore it or replace the member.");

        if (ProofThatEndWasDurable(current) is { } proof)
        {
            if (_reader.Header.Epoch != _files[current].Epoch)
                _reader.Load(_files[current].Path, _files[current].Epoch);

            throw Corrupt(_bad, $"a record is damaged that was durable: {proof}.");
        }

        // The proof may have looked into later files.
        if (_reader.Header.Epoch != _files[current].Epoch)
            _reader.Load(_files[current].Path, _files[current].Epoch);

        IsUnstarted = _end == FirstRecord;
        int torn = _reader.MeasureTorn(_end);
        EntryId? suspect = torn > 0 && _reader.TryReadHeader(_end, out WalRecord header)
            && header.Kind is WalRecordKind.Entry ? header.Id : null;
        LogDoubt? doubt = DoubtAbout(torn);
        _reader.Segment.Slice(_end, torn).Clear();
        Secure(_known, _end, torn);
        return new WalRecovery
        {
            HardState = Index.HardState,
            LogBase = _replay.Entries.Base,
            Entries = _replay.Entries.All,
            TornBytesCut = torn,
            SuspectEntry = suspect,
            DurableMark = _durableIndex,
            Doubt = doubt,
        };
    }

    /// <summary>Notes, before the traces of it are gone, that what is cut off may have been acknowledged.</summary>
    private LogDoubt? DoubtAbout(int torn)
    {
        LogDoubt? earlier = _mark.Doubt is { } noted && !noted.IsResolvedBy(Index.Last) ? noted : null;
        if (torn == 0)
            return earlier;

        LogDoubt doubt = new LogDoubt(Index.HardState.Term, Index.Last.Index + WalRecord.MostIn(torn)).With(earlier);
        _markFile.Amend(_mark with { Doubt = doubt });
        return doubt;
    }

    private string? ProofThatEndWasDurable(int current)
    {
        ulong epoch = _files[current].Epoch;
        if (_mark.Epoch > epoch || (_mark.Epoch == epoch && _mark.Offset > _end))
            return $"the mark says that the log was durable up to entry {_mark.Last}";

        if (_reader.FindProof(_end, _end) is var proof and >= 0)
            return $"the record at {proof} was written after it";

        for (int later = current + 1; later < _files.Count; later++)
        {
            _reader.Load(_files[later].Path, _files[later].Epoch);
            if (_reader.FindProof(FirstRecord, -1) >= 0)
                return $"{_files[later].Path} was begun after it";
        }

        return null;
    }

    // A seal that was read may not be on the disk yet. Were the next segment begun upon it, and the power cut then,
    // the log would look damaged.
    private void ResecurePrevious(int current, int end, int known)
    {
        if (current == 0)
            return;

        _reader.Load(_files[current - 1].Path, _files[current - 1].Epoch);
        Secure(known, end, 0);
        _reader.Load(_files[current].Path, _files[current].Epoch);
    }

    private void Secure(int known, int end, int torn)
    {
        Debug.Assert(known <= end, "What is durable is also whole.");
        if (known == end && torn == 0 && _reader.FileBytes >= _reader.Header.SegmentBytes)
            return;

        using IFile file = _fileSystem.Open(_reader.Path, FileAccessMode.ReadWrite, _options.SyncStrategy);
        file.ZeroFill(_reader.Header.SegmentBytes);
        const int Page = WalSegmentHeader.PageBytes;
        int limit = (end + torn + Page - 1) / Page * Page;
        for (int offset = known / Page * Page; offset < limit; offset += WriteStepBytes)
            file.Write(_reader.Segment[offset..Math.Min(offset + WriteStepBytes, limit)], offset);

        file.Sync();
    }

    private string PathOf(ulong epoch) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(_files[0].Path)!, WalSegment.NameOf(epoch));

    private LogCorruptedException Corrupt(int offset, string reason)
    {
        EntryId? entry = _reader.TryReadHeader(offset, out WalRecord header) && header.Kind is WalRecordKind.Entry
            ? header.Id
            : null;
        string where = entry is { } id
            ? $"entry {id}"
            : $"after entry {Index.Last}";
        return new LogCorruptedException(_reader.Path, offset, $"{where}: {reason}", entry);
    }
}
