using System.Runtime.InteropServices;
using Coord.Kv.Leases;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>Turns a backup into a snapshot of the state machine, with a bounded amount of memory. One thread.</summary>
internal sealed class BackupRestorer : IDisposable
{
    private readonly BackupReader _backup;
    private readonly SnapshotWriter _writer;
    private readonly RecordSorter _old;
    private readonly SnapshotRecords _step = new();
    private readonly CancellationToken _cancellationToken;
    private readonly long _firstChange;
    private byte[] _newest = [];
    private int _newestBytes;
    private bool _oldWritten;

    /// <summary>Creates the restorer.</summary>
    public BackupRestorer(
        BackupReader backup,
        KeyValueRestoreOptions options,
        Stream destination,
        string temporaryDirectory,
        CancellationToken cancellationToken,
        int memoryBytes = RecordSorter.DefaultMemoryBytes)
    {
        _backup = backup;
        _cancellationToken = cancellationToken;
        _old = new(RecordSorter.ByKey, temporaryDirectory, memoryBytes);

        // Revisions that are skipped have no changes, so what came before them is kept as if it had been compacted.
        bool compacts = options.MarkCompacted || options.RevisionBump > 0;
        long revision = checked(backup.StoreRevision + options.RevisionBump);
        _firstChange = compacts ? revision + 1 : backup.FirstWholeRevision;
        long compacted = compacts ? revision : Math.Max(backup.CompactedRevision, _firstChange - 1);
        _writer = new(destination, revision, compacted);
    }

    /// <summary>Writes the snapshot.</summary>
    public void Write()
    {
        _backup.VisitVersions(Take, _cancellationToken);
        WriteOld();
        WriteLeases();
    }

    /// <inheritdoc/>
    public void Dispose() => _old.Dispose();

    private void Take(in SnapshotRecord record)
    {
        if (record.Stamp.Revision < _firstChange)
        {
            _old.Add(record);
            return;
        }

        WriteOld();
        Write(SnapshotBlock.Changes, record);
    }

    /// <summary>Writes of each key the newest version before the changes, unless that is a deletion.</summary>
    private void WriteOld()
    {
        if (_oldWritten)
            return;

        _oldWritten = true;
        _old.Visit(TakeOld, _cancellationToken);
        WriteNewest();
    }

    /// <summary>Writes the leases, which all have their whole time before them: their clients were cut off.</summary>
    private void WriteLeases()
    {
        List<LeaseRecord> leases = [];
        foreach ((long id, long seconds) in _backup.ReadLeases().OrderBy(lease => lease.Id))
        {
            long granted = Math.Clamp(seconds, 1, LeaseTable.MaxSeconds);
            leases.Add(new(id, granted, granted, Stamp: leases.Count + 1));
        }

        _writer.Write((ReadOnlySpan<LeaseRecord>)CollectionsMarshal.AsSpan(leases));
        _writer.End(leases.Count);
    }

    private void TakeOld(in SnapshotRecord record)
    {
        if (_newestBytes > 0 && !Newest().Key.SequenceEqual(record.Key))
            WriteNewest();
        if (_newest.Length < record.Bytes)
            _newest = new byte[Math.Max(record.Bytes, _newest.Length * 2)];
        record.WriteTo(_newest);
        _newestBytes = record.Bytes;
    }

    private void WriteNewest()
    {
        if (_newestBytes > 0 && Newest() is { IsTombstone: false } newest)
            Write(SnapshotBlock.Versions, newest);
        _newestBytes = 0;
    }

    private SnapshotRecord Newest()
    {
        SnapshotRecord.TryRead(_newest.AsSpan(0, _newestBytes), out SnapshotRecord newest);
        return newest;
    }

    private void Write(SnapshotBlock kind, in SnapshotRecord record)
    {
        _step.Clear();
        _step.Add(record);
        _writer.Write(kind, _step);
    }
}
