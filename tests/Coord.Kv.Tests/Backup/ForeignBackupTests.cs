using System.Buffers;
using Coord.Kv.Backup;
using Coord.Kv.Mvcc;
using Coord.Raft;

namespace Coord.Kv.Tests.Backup;

/// <summary>What only etcd's files have: holes, compactions that are not done, skipped revisions.</summary>
public sealed class ForeignBackupTests
{
    /// <summary>etcd drops what a compaction to the newest revision leaves no key of, even that revision.</summary>
    [Fact]
    public void The_compacted_revision_counts_where_nothing_of_it_is_left()
    {
        using BackupFile file = new(Write("a 5 3 2", finished: 9));
        TestStore restored = file.Restore();

        Assert.Equal((9, 9), Revisions(restored));
        Assert.Equal("a v2 r5", restored.First().ToString());
        Assert.Equal(10, restored.Put("b", ""));
        Assert.Equal(2, restored.Get(KeyRange.All, revision: 10).KeyValues.Count);
    }

    [Fact]
    public void A_compaction_that_was_not_done_yet_counts()
    {
        using BackupFile file = new(Write("a 3 3 1, b 4 4 1, a 5 3 2, b 6, c 7 7 1", finished: 3, scheduled: 6));
        TestStore restored = file.Restore();

        Assert.Equal((7, 6), Revisions(restored));
        Assert.Throws<CompactedException>(() => restored.Get(KeyRange.All, revision: 5));
        Assert.Equal(["a"], KeysAt(restored, 6));
        Assert.Equal(["a", "c"], KeysAt(restored, 7));
    }

    [Fact]
    public void What_precedes_missing_revisions_counts_as_compacted()
    {
        using BackupFile file = new(Write("a 2 2 1, a 3 2 2, b 100 100 1, a 101 2 3"));
        TestStore restored = file.Restore();

        Assert.Equal((101, 99), Revisions(restored));
        Assert.Equal("a v2 r3", restored.Get(KeyRange.All, revision: 99).First!.ToString());
        Assert.Equal(2, restored.History(KeyRange.All, 100).Count);
    }

    /// <summary>etcd 3.6 skips revisions by an entry for the last of them, without a version in it.</summary>
    [Fact]
    public void An_entry_without_a_version_is_a_revision()
    {
        using BackupFile file = new(Write("a 2 2 1, - 1000", scheduled: 900));
        using (KeyValueBackup backup = KeyValueBackup.Open(file.Path))
        {
            Assert.Equal(1000, backup.Revision.Value);
            Assert.Single(backup.ReadVersions());
        }

        TestStore restored = file.Restore();
        Assert.Equal((1000, 1000), Revisions(restored));
        Assert.Equal(1001, restored.Put("a", ""));
    }

    [Fact]
    public void A_store_with_authentication_on_is_not_opened_to_everybody_by_mistake()
    {
        using BackupFile file = new(Write("a 2 2 1", authentication: 1));
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path);
        RaftOptions member = new()
        {
            NodeId = new(1),
            ClusterId = new(1),
            DataDirectory = Path.Combine(Path.GetDirectoryName(file.Path)!, "member"),
        };
        member.InitialMembers.Add(new(new(1), default, ""));

        Assert.True(backup.IsAuthenticationEnabled);
        Assert.Throws<ArgumentException>(() => backup.Restore(member));
        Assert.False(Directory.Exists(member.DataDirectory));
        backup.Restore(member, new() { DropAuthentication = true });
        Assert.True(Directory.Exists(member.DataDirectory));
    }

    [Fact]
    public void Authentication_that_was_turned_off_says_nothing()
    {
        using BackupFile file = new(Write("a 2 2 1", authentication: 0));
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path);
        Assert.False(backup.IsAuthenticationEnabled);
    }

    private static (long Revision, long Compacted) Revisions(TestStore store) =>
        (store.Machine.Status.Revision.Value, store.Machine.Status.CompactedRevision.Value);

    private static IEnumerable<string> KeysAt(TestStore store, long revision) =>
        store.Get(KeyRange.All, revision).KeyValues.Select(version => version.KeyString);

    /// <summary>
    /// Writes versions as <c>key mod create version</c>, deletions as <c>key mod</c>, and <c>- revision</c> for an
    /// entry without a version.
    /// </summary>
    private static byte[] Write(string versions, long finished = 0, long scheduled = 0, byte? authentication = null)
    {
        using MemoryStream stream = new();
        BoltFileWriter file = new(stream);
        BoltTreeWriter keys = file.BeginBucket();
        byte[] key = new byte[RevisionKey.TombstoneBytes];
        foreach (string[] fields in versions.Split(", ").Select(version => version.Split(' ')))
        {
            long[] numbers = [.. fields[1..].Select(long.Parse)];
            ArrayBufferWriter<byte> value = new();
            SnapshotRecord record = new()
            {
                IsTombstone = numbers.Length == 1,
                Key = TestStore.Bytes(fields[0]),
                Stamp = new(numbers[0], 0),
                CreateRevision = numbers.Length == 1 ? 0 : numbers[1],
                Version = numbers.Length == 1 ? 0 : numbers[2],
            };
            bool isMark = fields[0] == "-";
            if (!isMark)
                EtcdRecords.WriteVersion(value, record);
            int bytes = RevisionKey.Write(key, record.Stamp, record.IsTombstone && !isMark);
            keys.Add(key.AsSpan(0, bytes), value.WrittenSpan);
        }

        file.EndBucket(BackupBuckets.Key, keys);
        WriteMeta(file, finished, scheduled);
        if (authentication is { } enabled)
        {
            BoltTreeWriter auth = file.BeginBucket();
            auth.Add(BackupBuckets.AuthEnabled, [enabled]);
            file.EndBucket(BackupBuckets.Auth, auth);
        }

        file.End();
        return [.. stream.ToArray(), .. System.Security.Cryptography.SHA256.HashData(stream.ToArray())];
    }

    private static void WriteMeta(BoltFileWriter file, long finished, long scheduled)
    {
        BoltTreeWriter meta = file.BeginBucket();
        byte[] value = new byte[RevisionKey.TombstoneBytes];
        if (finished > 0)
        {
            RevisionKey.Write(value, new(finished, 0), isTombstone: false);
            meta.Add(BackupBuckets.FinishedCompaction, value.AsSpan(0, RevisionKey.Bytes));
        }

        if (scheduled > 0)
        {
            RevisionKey.Write(value, new(scheduled, 0), isTombstone: false);
            meta.Add(BackupBuckets.ScheduledCompaction, value.AsSpan(0, RevisionKey.Bytes));
        }

        file.EndBucket(BackupBuckets.Meta, meta);
    }
}
