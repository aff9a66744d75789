using System.Buffers.Binary;
using Coord.Kv.Mvcc;
using Coord.Shared;

namespace Coord.Kv.Backup;

/// <summary>
/// Reads what the buckets of a page file say about a store, ours or etcd's. Thread-safe once it is open.
/// </summary>
internal sealed class BackupReader : IDisposable
{
    private readonly BoltFileReader _file;
    private byte[]? _keyBucket;
    private long _keyBucketOffset;
    private byte[]? _leaseBucket;
    private long _leaseBucketOffset;
    private long _changesFrom = -1;
    private long _gapBefore;

    private BackupReader(BoltFileReader file) => _file = file;

    /// <summary>Takes a version, or a mark of a revision without one; the memory is borrowed.</summary>
    public delegate void VersionVisitor(in SnapshotRecord record);

    /// <summary>Gets the checksum that etcd's tools print for the file.</summary>
    public uint Hash { get; private set; }

    /// <summary>Gets the revision of the last version in it; zero if there is none.</summary>
    public long LastRevision { get; private set; }

    /// <summary>Gets the compacted revision; zero if nothing was compacted.</summary>
    public long CompactedRevision { get; private set; }

    /// <summary>Gets a value indicating whether clients had to say who they are.</summary>
    public bool IsAuthenticationEnabled { get; private set; }

    /// <summary>Gets how many entries the buckets have.</summary>
    public long TotalKeys { get; private set; }

    /// <summary>Gets the size of the pages in use.</summary>
    public long TotalBytes => (long)_file.PageCount * _file.PageBytes;

    /// <summary>Gets the revision that the store had.</summary>
    public long StoreRevision => Math.Max(Math.Max(1, LastRevision), CompactedRevision);

    /// <summary>Gets the first revision from which on all changes are in the file.</summary>
    public long FirstWholeRevision
    {
        get
        {
            // etcd drops from the compacted revision what it deleted, and what was overwritten before it.
            bool isWhole = CompactedRevision == 0 || _changesFrom == CompactedRevision;
            return Math.Max(isWhole ? CompactedRevision : CompactedRevision + 1, _gapBefore);
        }
    }

    /// <summary>Opens a file and reads all of it once.</summary>
    /// <exception cref="InvalidDataException">It is no backup, or damaged.</exception>
    public static BackupReader Open(string path, bool requireDigest, CancellationToken cancellationToken)
    {
        BoltFileReader file = BoltFileReader.Open(path);
        try
        {
            if (file.HasDigest)
                file.VerifyDigest(cancellationToken);
            else if (requireDigest)
            {
                throw new InvalidDataException(
                    "The backup has no digest at its end: it is cut off, or a copy of a database file.");
            }

            BackupReader reader = new(file);
            reader.Scan(cancellationToken);
            return reader;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Hands out all versions in the order they were made.</summary>
    public void VisitVersions(VersionVisitor visit, CancellationToken cancellationToken)
    {
        if (_keyBucket is null)
            return;

        BoltCursor cursor = _file.ReadBucket(_keyBucket, _keyBucketOffset);
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryReadVersion(cursor, out SnapshotRecord record))
                visit(record);
        }
    }

    /// <summary>Returns all versions in the order they were made, as changes.</summary>
    public IEnumerable<WatchEvent> ReadVersions()
    {
        if (_keyBucket is null)
            yield break;

        BoltCursor cursor = _file.ReadBucket(_keyBucket, _keyBucketOffset);
        while (cursor.MoveNext())
        {
            if (ToEvent(cursor) is { } change)
                yield return change;
        }
    }

    /// <summary>Returns the leases with their granted seconds.</summary>
    public IEnumerable<(long Id, long Seconds)> ReadLeases()
    {
        if (_leaseBucket is null)
            yield break;

        BoltCursor cursor = _file.ReadBucket(_leaseBucket, _leaseBucketOffset);
        while (cursor.MoveNext())
        {
            bool isLease = EtcdRecords.TryReadLease(cursor.Value, out long id, out long seconds);
            BoltFileReader.Ensure(isLease, cursor.Offset, "this is no lease");
            yield return (id, seconds);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads the present version; false if it is only the mark of a revision that was skipped.</summary>
    private static bool TryReadVersion(BoltCursor cursor, out SnapshotRecord record)
    {
        bool isRevision = RevisionKey.TryRead(cursor.Key, out Stamp stamp, out bool isTombstone);
        BoltFileReader.Ensure(isRevision, cursor.Offset, "this is no revision");
        record = new() { Stamp = stamp };
        if (cursor.Value.IsEmpty)
            return false;

        BoltFileReader.Ensure(
            EtcdRecords.TryReadVersion(cursor.Value, stamp, isTombstone, out record),
            cursor.Offset,
            "this is no version of a key");
        BoltFileReader.Ensure(
            record.Bytes <= KeyValueOptions.MaxRequestBytesLimit, cursor.Offset, "the version is too large");
        return true;
    }

    private static WatchEvent? ToEvent(BoltCursor cursor)
    {
        if (!TryReadVersion(cursor, out SnapshotRecord record))
            return null;

        KeyValue version = new(
            record.Key.ToArray(), record.Value.ToArray(), new(record.CreateRevision), new(record.Stamp.Revision),
            record.Version, new LeaseId(record.Lease));
        return new(record.IsTombstone ? WatchEventKind.Delete : WatchEventKind.Put, version, Previous: null);
    }

    private void Scan(CancellationToken cancellationToken)
    {
        uint hash = uint.MaxValue;
        BoltCursor root = _file.ReadRoot();
        while (root.MoveNext())
        {
            BoltFileReader.Ensure(
                root.Flags == BoltFormat.BucketElement, root.Offset, "there is something else among the buckets");
            hash = Crc32C.Append(hash, root.Key);
            Action<BoltCursor>? scan = null;
            if (root.Key.SequenceEqual(BackupBuckets.Key))
                (scan, _keyBucket, _keyBucketOffset) = (ScanVersion, root.Value.ToArray(), root.Offset);
            else if (root.Key.SequenceEqual(BackupBuckets.Lease))
                (_leaseBucket, _leaseBucketOffset) = (root.Value.ToArray(), root.Offset);
            else if (root.Key.SequenceEqual(BackupBuckets.Meta))
                scan = ScanMeta;
            else if (root.Key.SequenceEqual(BackupBuckets.Auth))
                scan = ScanAuth;

            BoltCursor bucket = _file.ReadBucket(root.Value, root.Offset);
            while (bucket.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                BoltFileReader.Ensure(bucket.Flags == 0, bucket.Offset, "there is a bucket within a bucket");
                hash = Crc32C.Append(Crc32C.Append(hash, bucket.Key), bucket.Value);
                TotalKeys++;
                scan?.Invoke(bucket);
            }
        }

        Hash = ~hash;
        foreach ((long _, long _) in ReadLeases())
            cancellationToken.ThrowIfCancellationRequested();
    }

    private void ScanVersion(BoltCursor bucket)
    {
        // A gap is what compaction left, or revisions that a restore skipped; above it everything is there.
        bool hasVersion = TryReadVersion(bucket, out SnapshotRecord record);
        long revision = record.Stamp.Revision;
        if (!hasVersion)
            _gapBefore = revision + 1;
        else if (LastRevision > 0 && revision > LastRevision + 1)
            _gapBefore = revision;
        LastRevision = revision;
    }

    private void ScanAuth(BoltCursor bucket)
    {
        if (bucket.Key.SequenceEqual(BackupBuckets.AuthEnabled))
            IsAuthenticationEnabled = bucket.Value is [1];
    }

    private void ScanMeta(BoltCursor bucket)
    {
        if (bucket.Key.SequenceEqual(BackupBuckets.ChangesFrom) && bucket.Value.Length == sizeof(long))
            _changesFrom = BinaryPrimitives.ReadInt64BigEndian(bucket.Value);

        bool isCompaction = bucket.Key.SequenceEqual(BackupBuckets.FinishedCompaction)
            || bucket.Key.SequenceEqual(BackupBuckets.ScheduledCompaction);
        if (!isCompaction)
            return;

        BoltFileReader.Ensure(
            RevisionKey.TryRead(bucket.Value, out Stamp compacted, out _), bucket.Offset, "this is no revision");
        CompactedRevision = Math.Max(CompactedRevision, compacted.Revision);
    }
}
