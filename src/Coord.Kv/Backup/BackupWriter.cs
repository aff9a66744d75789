using System.Buffers;
using System.Buffers.Binary;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>Writes what a store holds into the buckets of a page file; see FORMAT.md. One thread.</summary>
internal sealed class BackupWriter : IDisposable
{
    private readonly BoltFileWriter _file;
    private readonly RecordSorter _versions;
    private readonly SortedDictionary<ulong, long> _leases = [];
    private readonly ArrayBufferWriter<byte> _value = new();
    private readonly CancellationToken _cancellationToken;
    private BoltTreeWriter? _keys;
    private long _compactedRevision;

    /// <summary>Creates the writer on an empty file.</summary>
    public BackupWriter(
        Stream file,
        string temporaryDirectory,
        CancellationToken cancellationToken,
        int memoryBytes = RecordSorter.DefaultMemoryBytes)
    {
        _file = new(file);
        _versions = new(RecordSorter.ByStamp, temporaryDirectory, memoryBytes);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Gets the revision of the store.</summary>
    public long Revision { get; private set; }

    public void Begin(long revision, long compactedRevision) =>
        (Revision, _compactedRevision) = (revision, compactedRevision);

    /// <summary>Adds a version from before the changes; they come in order of keys.</summary>
    public void AddVersion(in SnapshotRecord record) => _versions.Add(record);

    /// <summary>Adds a change; they come in the order they were made, after all versions.</summary>
    public void AddChange(in SnapshotRecord record)
    {
        BoltTreeWriter keys = Keys();
        AddTo(keys, record);
    }

    /// <summary>Adds a lease with its whole time to live.</summary>
    public void AddLease(long id, long seconds) => _leases.Add((ulong)id, seconds);

    /// <summary>Writes all that is left; the file is then complete but for its digest.</summary>
    public void End()
    {
        _file.EndBucket(BackupBuckets.Key, Keys());
        WriteMeta();
        WriteLeases();
        WriteCluster();
        WriteAuth();
        foreach (byte[] name in BackupBuckets.Empty)
            _file.EndBucket(name, _file.BeginBucket());
        _file.End();
    }

    /// <inheritdoc/>
    public void Dispose() => _versions.Dispose();

    /// <summary>Begins the bucket of versions, which are older than all changes, once they are all known.</summary>
    private BoltTreeWriter Keys()
    {
        if (_keys is not null)
            return _keys;

        BoltTreeWriter keys = _keys = _file.BeginBucket();
        _versions.Visit((in record) => AddTo(keys, record), _cancellationToken);
        return keys;
    }

    private void AddTo(BoltTreeWriter keys, in SnapshotRecord record)
    {
        Span<byte> key = stackalloc byte[RevisionKey.TombstoneBytes];
        int keyBytes = RevisionKey.Write(key, record.Stamp, record.IsTombstone);
        _value.ResetWrittenCount();
        EtcdRecords.WriteVersion(_value, record);
        keys.Add(key[..keyBytes], _value.WrittenSpan);
    }

    private void WriteMeta()
    {
        BoltTreeWriter meta = _file.BeginBucket();
        Span<byte> compacted = stackalloc byte[RevisionKey.TombstoneBytes];
        RevisionKey.Write(compacted, new(_compactedRevision, 0), isTombstone: false);
        Span<byte> number = stackalloc byte[sizeof(long)];

        // No entry of this cluster's log means anything to another cluster: whoever restores the file sets it anew.
        BinaryPrimitives.WriteInt64BigEndian(number, 0);
        meta.Add(BackupBuckets.ConsistentIndex, number);
        if (_compactedRevision > 0)
        {
            BinaryPrimitives.WriteInt64BigEndian(number, _compactedRevision);
            meta.Add(BackupBuckets.ChangesFrom, number);
            meta.Add(BackupBuckets.FinishedCompaction, compacted[..RevisionKey.Bytes]);
            meta.Add(BackupBuckets.ScheduledCompaction, compacted[..RevisionKey.Bytes]);
        }

        _file.EndBucket(BackupBuckets.Meta, meta);
    }

    private void WriteLeases()
    {
        BoltTreeWriter leases = _file.BeginBucket();
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        foreach ((ulong id, long seconds) in _leases)
        {
            BinaryPrimitives.WriteUInt64BigEndian(key, id);
            _value.ResetWrittenCount();
            EtcdRecords.WriteLease(_value, (long)id, seconds);
            leases.Add(key, _value.WrittenSpan);
        }

        _file.EndBucket(BackupBuckets.Lease, leases);
    }

    private void WriteCluster()
    {
        BoltTreeWriter cluster = _file.BeginBucket();
        cluster.Add(BackupBuckets.ClusterVersion, BackupBuckets.ClusterVersionValue);
        _file.EndBucket(BackupBuckets.Cluster, cluster);
    }

    /// <summary>Writes how often users and roles were changed, which etcd counts from one on.</summary>
    private void WriteAuth()
    {
        BoltTreeWriter auth = _file.BeginBucket();
        Span<byte> revision = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(revision, 1);
        auth.Add(BackupBuckets.AuthRevision, revision);
        _file.EndBucket(BackupBuckets.Auth, auth);
    }
}
