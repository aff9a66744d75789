using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Coord.Kv.Backup;

/// <summary>Reads a page file that anybody may have written: whatever does not fit is refused.</summary>
/// <remarks>
/// Every failure is an <see cref="InvalidDataException"/> that names the offset, or an <see cref="IOException"/>. What
/// it allocates is bounded by the size of the file.
/// </remarks>
internal sealed class BoltFileReader : IDisposable
{
    private const int SectorBytes = 512;

    private readonly SafeFileHandle _file;
    private readonly BoltMeta _meta;

    private BoltFileReader(SafeFileHandle file, BoltMeta meta, bool hasDigest)
    {
        (_file, _meta, HasDigest) = (file, meta, hasDigest);
    }

    /// <summary>Gets a value indicating whether the file ends with a digest.</summary>
    public bool HasDigest { get; }

    /// <summary>Gets how many pages the file has in use.</summary>
    public ulong PageCount => _meta.PageCount;

    /// <summary>Gets the size of a page.</summary>
    public int PageBytes => _meta.PageBytes;

    /// <summary>Opens a file and looks at its first pages.</summary>
    public static BoltFileReader Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            long length = RandomAccess.GetLength(file);
            bool hasDigest = length % SectorBytes == BoltFormat.DigestBytes;
            long content = hasDigest ? length - BoltFormat.DigestBytes : length;
            BoltMeta meta = ReadMeta(file, content);
            Ensure(
                meta.PageCount >= 4 && meta.PageCount <= (ulong)(content / meta.PageBytes),
                0,
                $"it should have {meta.PageCount} pages");
            return new BoltFileReader(file, meta, hasDigest);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Compares the digest at the end with the content.</summary>
    public void VerifyDigest(CancellationToken cancellationToken)
    {
        long content = RandomAccess.GetLength(_file) - BoltFormat.DigestBytes;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[256 * 1024];
        for (long offset = 0; offset < content;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int wanted = (int)Math.Min(buffer.Length, content - offset);
            int read = RandomAccess.Read(_file, buffer.AsSpan(0, wanted), offset);
            Ensure(read > 0, offset, "it ends there");
            hash.AppendData(buffer, 0, read);
            offset += read;
        }

        Span<byte> stored = stackalloc byte[BoltFormat.DigestBytes];
        ReadExactly(stored, content);
        Ensure(
            stored.SequenceEqual(hash.GetHashAndReset()), content, "its digest is not that of its content");
    }

    /// <summary>Reads the tree of the buckets.</summary>
    public BoltCursor ReadRoot() => new(this, _meta.RootPage);

    /// <summary>Reads a bucket.</summary>
    /// <param name="header">What the tree of the buckets has under its name; at the cursor's present entry.</param>
    /// <param name="offset">Where that is in the file.</param>
    public BoltCursor ReadBucket(ReadOnlySpan<byte> header, long offset)
    {
        Ensure(header.Length >= BoltFormat.BucketHeaderBytes, offset, "the header of a bucket is cut off");
        ulong page = BinaryPrimitives.ReadUInt64LittleEndian(header);

        // A small bucket has its only page right behind its header.
        return page == 0
            ? new BoltCursor(this, header[BoltFormat.BucketHeaderBytes..], offset)
            : new BoltCursor(this, page);
    }

    /// <summary>Reads bytes that must be there.</summary>
    public void ReadExactly(Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_file, destination, offset);
            Ensure(read > 0, offset, "it ends there");
            destination = destination[read..];
            offset += read;
        }
    }

    /// <summary>Refuses the file unless something holds.</summary>
    public static void Ensure(bool condition, long offset, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The backup is damaged at offset {offset}: {complaint}.");
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static BoltMeta ReadMeta(SafeFileHandle file, long content)
    {
        // The second copy is a page further on, and how large a page is only a copy that is whole can tell.
        BoltMeta? newest = null;
        Span<byte> bytes = stackalloc byte[BoltFormat.MetaBytes];
        for (int page = 0; page <= 64 * 1024; page = page == 0 ? 1024 : page * 2)
        {
            if (page + BoltFormat.PageHeaderBytes + BoltFormat.MetaBytes > content)
                break;
            if (RandomAccess.Read(file, bytes, page + BoltFormat.PageHeaderBytes) == bytes.Length
                && BoltFormat.TryReadMeta(bytes, out BoltMeta meta)
                && (page == 0 || page == meta.PageBytes)
                && (newest is null || meta.Transaction > newest.Value.Transaction))
            {
                newest = meta;
            }
        }

        return newest
            ?? throw new InvalidDataException("This is no backup of a key-value store: its first pages are others.");
    }
}
