using System.Buffers.Binary;
using System.Numerics;
using Coord.Shared;

namespace Coord.Raft.Storage;

/// <summary>
/// Keeps the durable mark apart from the log, so that damage at the log's end can be told from an unfinished write.
/// </summary>
/// <remarks>
/// Two slots, a page each, written in turn: a torn write damages the older one only. Owned by the log.
/// </remarks>
internal sealed class WalMarkFile : IDisposable
{
    /// <summary>The name of the file.</summary>
    public const string Name = "durable.mark";

    private const int SlotBytes = 4096;
    private const int ContentBytes = 128;
    private const int FlagsOffset = 80;
    private const int DoubtOffset = 88;
    private const int RewrittenOffset = 104;
    private const uint FormatVersion = 1;

    // With what a program that only knows version 1 must not overlook.
    private const uint CautiousVersion = 2;

    private readonly IFile _file;
    private readonly uint _salt;
    private readonly byte[] _slot = new byte[SlotBytes];
    private ulong _generation;

    private WalMarkFile(IFile file, Guid directoryId)
    {
        _file = file;
        _salt = WalPlace.SaltOf(directoryId, 0);
    }

    /// <summary>Gets the newest mark.</summary>
    public WalMark Mark { get; private set; }

    /// <summary>
    /// Gets a value indicating whether the newest mark has the last term and vote that this member acted on. False if
    /// one of the copies is damaged, or an older version wrote it, which did not save each of them.
    /// </summary>
    public bool IsHardStateCurrent { get; private set; }

    private static ReadOnlySpan<byte> Magic => "COORDMRK"u8;

    /// <summary>Creates the file, durable and with a mark that says nothing.</summary>
    public static void Create(IFileSystem fileSystem, string directory, Guid directoryId)
    {
        string path = Path.Combine(directory, Name);
        string temporary = path + WalSegmentAllocator.TemporarySuffix;
        using (IFile file = fileSystem.Open(temporary, FileAccessMode.CreateNew))
        {
            file.ZeroFill(2 * SlotBytes);
            WalMarkFile mark = new(file, directoryId);
            mark.Save(default);
            mark.Save(default);
        }

        fileSystem.Rename(temporary, path);
        fileSystem.SyncDirectory(directory);
    }

    /// <summary>Opens the file and reads the mark.</summary>
    /// <exception cref="LogCorruptedException">It is missing, or neither slot is intact.</exception>
    public static WalMarkFile Open(IFileSystem fileSystem, string directory, Guid directoryId)
    {
        string path = Path.Combine(directory, Name);
        if (!fileSystem.FileExists(path))
            throw new LogCorruptedException(path, 0, "it is missing. Restore it or replace the member.");

        WalMarkFile mark = new(fileSystem.Open(path, FileAccessMode.ReadWrite), directoryId);
        try
        {
            mark.Load(path);
            return mark;
        }
        catch
        {
            mark.Dispose();
            throw;
        }
    }

    /// <summary>Makes a mark durable whose term and vote are the last ones. It must be true already.</summary>
    public void Save(in WalMark mark) => Save(mark, isHardStateCurrent: true);

    /// <summary>
    /// Makes durable what changes of the mark but its term and vote: whether those are the last ones stays as it was.
    /// Who reads a log that is damaged, or may be, does not know more than that.
    /// </summary>
    public void Amend(in WalMark mark) => Save(mark, IsHardStateCurrent);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Save(in WalMark mark, bool isHardStateCurrent)
    {
        _generation++;
        Span<byte> slot = _slot;
        slot.Clear();
        Magic.CopyTo(slot);
        bool isCautious = mark.Doubt is not null || mark.RewrittenFrom > 0;
        BinaryPrimitives.WriteUInt32LittleEndian(slot[8..], isCautious ? CautiousVersion : FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], _generation);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[24..], mark.Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(slot[32..], mark.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[36..], mark.Checksum);
        BinaryPrimitives.WriteInt64LittleEndian(slot[40..], mark.Last.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot[48..], mark.Last.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot[56..], mark.HardState.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[64..], mark.HardState.Vote.Value);
        BinaryPrimitives.WriteInt64LittleEndian(slot[72..], mark.HardState.Commit.Value);
        Flags current = isHardStateCurrent ? Flags.IsHardStateCurrent : Flags.None;
        slot[FlagsOffset] = (byte)(current | (mark.IsRewritten ? Flags.IsRewritten : Flags.None));
        if (mark.Doubt is { } doubt)
        {
            BinaryPrimitives.WriteInt64LittleEndian(slot[DoubtOffset..], doubt.Term.Value);
            BinaryPrimitives.WriteInt64LittleEndian(slot[(DoubtOffset + 8)..], doubt.Bound.Value);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(slot[RewrittenOffset..], mark.RewrittenFrom);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[12..], ComputeChecksum(slot));
        _file.Write(slot, (long)(_generation & 1) * SlotBytes);
        _file.Sync();
        Mark = mark;
        IsHardStateCurrent = isHardStateCurrent;
    }

    private void Load(string path)
    {
        bool intact = false;
        bool isWhole = true;
        for (int i = 0; i < 2; i++)
        {
            Span<byte> slot = _slot;
            slot.Clear();
            _file.Read(slot, i * SlotBytes);
            uint version = BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]);
            if (!slot[..Magic.Length].SequenceEqual(Magic)
                || BinaryPrimitives.ReadUInt32LittleEndian(slot[12..]) != ComputeChecksum(slot))
            {
                isWhole = false;
                continue;
            }

            if (version is not (FormatVersion or CautiousVersion))
            {
                throw new DataDirectoryException(
                    $"{path} has format version {version}, and this program reads up to {CautiousVersion}. "
                    + "Use the version of the program that wrote it.");
            }

            ulong generation = BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]);
            if (intact && generation < _generation)
                continue;

            intact = true;
            _generation = generation;
            Mark = Parse(slot);
            IsHardStateCurrent = ((Flags)slot[FlagsOffset] & Flags.IsHardStateCurrent) != Flags.None;
        }

        IsHardStateCurrent &= isWhole;

        if (!intact)
            throw new LogCorruptedException(path, 0, "neither copy of the durable mark is intact.");
    }

    private static WalMark Parse(ReadOnlySpan<byte> slot) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(slot[24..]),
        BinaryPrimitives.ReadInt32LittleEndian(slot[32..]),
        BinaryPrimitives.ReadUInt32LittleEndian(slot[36..]),
        new EntryId(
            new Term(BinaryPrimitives.ReadInt64LittleEndian(slot[40..])),
            new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(slot[48..]))),
        new HardState(
            new Term(BinaryPrimitives.ReadInt64LittleEndian(slot[56..])),
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(slot[64..])),
            new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(slot[72..]))))
    {
        Doubt = ParseDoubt(slot[DoubtOffset..]),
        RewrittenFrom = BinaryPrimitives.ReadUInt64LittleEndian(slot[RewrittenOffset..]),
        IsRewritten = ((Flags)slot[FlagsOffset] & Flags.IsRewritten) != Flags.None,
    };

    private static LogDoubt? ParseDoubt(ReadOnlySpan<byte> bytes)
    {
        LogDoubt doubt = new(
            new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..])));
        return doubt.Bound.IsZero ? null : doubt;
    }

    private uint ComputeChecksum(ReadOnlySpan<byte> slot)
    {
        uint crc = BitOperations.Crc32C(_salt, BinaryPrimitives.ReadUInt64LittleEndian(slot));
        crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]));
        return ~Crc32C.Append(crc, slot[16..ContentBytes]);
    }

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        IsHardStateCurrent = 1,
        IsRewritten = 2,
    }
}
