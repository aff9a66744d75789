using System.Buffers.Binary;

namespace Coord.Raft.Storage;

/// <summary>Walks over the chunks of a snapshot's file and checks each before it shows it.</summary>
internal sealed class SnapshotChunkReader : IDisposable
{
    private readonly IFile _file;
    private readonly string _path;
    private readonly byte[] _buffer;
    private uint _checksum;
    private long _payloadBytes;
    private long _chunks;

    private SnapshotChunkReader(IFile file, string path, SnapshotMetadata snapshot, int headerBytes, uint checksum)
    {
        _file = file;
        _path = path;
        Snapshot = snapshot;
        Offset = headerBytes;
        _checksum = checksum;
        _buffer = new byte[Math.Min(SnapshotFormat.MaxChunkBytes, file.Length)]; // No chunk is larger than its file.
    }

    /// <summary>Gets the metadata in the header.</summary>
    public SnapshotMetadata Snapshot { get; }

    /// <summary>Gets the offset behind what has been checked.</summary>
    public long Offset { get; private set; }

    /// <summary>Gets a value indicating whether the footer has been reached and agrees with the chunks.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Starts with the header. The reader owns the file, also if this fails.</summary>
    /// <exception cref="LogCorruptedException">The header is damaged.</exception>
    public static SnapshotChunkReader Open(IFile file, string path)
    {
        try
        {
            if (SnapshotFormat.ReadHeader(file, out SnapshotMetadata snapshot, out int bytes, out uint checksum)
                is { } problem)
                throw new LogCorruptedException(path, 0, $"{problem}.");

            return new SnapshotChunkReader(file, path, snapshot, bytes, checksum);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next chunk; empty at the end. Valid until the next call.</summary>
    /// <exception cref="LogCorruptedException">The file is damaged or ends too early.</exception>
    public ReadOnlyMemory<byte> ReadChunk()
    {
        if (IsAtEnd)
            return default;

        Span<byte> header = stackalloc byte[SnapshotFormat.ChunkHeaderBytes];
        if (_file.Read(header, Offset) < header.Length)
            throw Damaged("it ends before its footer");

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length == 0)
        {
            ReadFooter();
            return default;
        }

        if (length > _buffer.Length)
            throw Damaged($"a chunk claims {length} bytes");

        Span<byte> chunk = _buffer.AsSpan(0, (int)length);
        if (_file.Read(chunk, Offset + header.Length) < chunk.Length)
            throw Damaged("it ends within a chunk");

        uint checksum = SnapshotFormat.ComputeChunkChecksum(_checksum, chunk);
        if (checksum != BinaryPrimitives.ReadUInt32LittleEndian(header[4..]))
            throw Damaged("the checksum of a chunk is wrong");

        _checksum = checksum;
        _payloadBytes += length;
        _chunks++;
        Offset += header.Length + length;
        return _buffer.AsMemory(0, (int)length);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadFooter()
    {
        Span<byte> footer = stackalloc byte[SnapshotFormat.FooterBytes];
        if (_file.Read(footer, Offset) < footer.Length
            || !SnapshotFormat.TryReadFooter(footer, out long payloadBytes, out long chunks, out uint checksum))
            throw Damaged("its footer is damaged");
        if (payloadBytes != _payloadBytes || chunks != _chunks || checksum != _checksum)
            throw Damaged("its footer belongs to other chunks");
        if (_file.Length != Offset + footer.Length)
            throw Damaged("something follows its footer");

        Offset += footer.Length;
        IsAtEnd = true;
    }

    private LogCorruptedException Damaged(string reason) => new(_path, Offset, $"{reason}.", Snapshot.LastIncluded);
}
