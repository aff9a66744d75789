using Coord.Raft;
using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Backup;

/// <summary>A store that is restored from its backup reads and watches as it did, from the compaction on.</summary>
public sealed class BackupTests
{
    [Fact]
    public void The_empty_store_survives()
    {
        using BackupFile file = BackupFile.Of(new TestStore());
        using (KeyValueBackup backup = KeyValueBackup.Open(file.Path))
        {
            Assert.Equal(0, backup.Revision.Value);
            Assert.Empty(backup.ReadVersions());
        }

        Assert.Equal(2, file.Restore().Put("a", ""));
    }

    [Property(MaxTest = 60)]
    public void Everything_since_the_compaction_survives(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        TestStore store = new();
        StoreWriter.Write(random, store, random.Next(400));

        using BackupFile file = BackupFile.Of(store);
        TestStore restored = file.Restore(memoryBytes: 500);

        AssertSame(store, restored);
        int next = random.Next();
        StoreWriter.Write(new Random(next), store, 50, compacts: false);
        StoreWriter.Write(new Random(next), restored, 50, compacts: false);
        AssertSame(store, restored);
    }

    /// <summary>Three levels of pages, and versions from before the changes that are sorted in many runs.</summary>
    [Fact]
    public void A_large_store_survives()
    {
        TestStore store = new();
        for (int i = 0; i < 30_000; i++)
            store.Put($"key-{i * 7919 % 30_000:00000}", new string('v', i % 50));
        store.Compact(20_000);
        store.Put("huge", new string('x', 1_000_000));
        store.Put("more", new string('y', 300_000));

        using BackupFile file = BackupFile.Of(store);
        TestStore restored = file.Restore(memoryBytes: 100_000);

        Assert.Equal(store.Get(KeyRange.All).KeyValues, restored.Get(KeyRange.All).KeyValues);
        Assert.Equal(store.Status, restored.Status);
    }

    [Fact]
    public async Task What_is_written_after_it_began_is_not_in_it()
    {
        TestStore store = new();
        store.Put("a", "1");
        byte[] before = BackupFile.BytesOf(store);
        using Stream backup = await store.Store.OpenBackupAsync();
        store.Put("a", "2");

        using MemoryStream copy = new();
        backup.CopyTo(copy);
        Assert.Equal(before, copy.ToArray());
        Assert.Equal(before.Length, backup.Length);
    }

    [Fact]
    public void It_tells_all_versions_in_the_order_they_were_made()
    {
        TestStore store = new();
        store.Put("b", "1");
        store.Put("a", "2");
        store.Delete(KeyRange.All);

        using BackupFile file = BackupFile.Of(store);
        using KeyValueBackup backup = KeyValueBackup.Open(file.Path);

        Assert.Equal(
            ["Put b 2", "Put a 3", "Delete a 4", "Delete b 4"],
            from change in backup.ReadVersions()
            select $"{change.Kind} {change.KeyValue.KeyString} {change.Revision.Value}");
        Assert.Equal(4, backup.Revision.Value);
        Assert.Equal(0, backup.CompactedRevision.Value);
    }

    [Fact]
    public void Skipped_revisions_are_never_seen_and_what_came_before_is_compacted()
    {
        TestStore store = new();
        store.Put("a", "1");
        store.Put("a", "2");
        store.Put("b", "3");
        store.Delete(KeyRange.Single("b"));

        using BackupFile file = BackupFile.Of(store);
        TestStore restored = file.Restore(new() { RevisionBump = 1_000 });

        Assert.Equal(1_005, restored.Machine.Status.Revision.Value);
        Assert.Equal(1_005, restored.Machine.Status.CompactedRevision.Value);
        Assert.Equal(store.Get(KeyRange.All).KeyValues, restored.Get(KeyRange.All).KeyValues);
        Assert.Throws<CompactedException>(() => restored.Get(KeyRange.All, revision: 1_004));
        Assert.Equal(1_006, restored.Put("a", "4"));
        Assert.Single(restored.History(KeyRange.All, 1_005));

        // And its own snapshot is as good as any.
        TestStore again = new();
        again.Restore(restored.Snapshot());
        Assert.Equal(restored.Get(KeyRange.All).KeyValues, again.Get(KeyRange.All).KeyValues);
    }

    [Fact]
    public void History_can_be_given_up_without_skipping_revisions()
    {
        TestStore store = new();
        store.Put("a", "1");
        store.Put("a", "2");

        using BackupFile file = BackupFile.Of(store);
        TestStore restored = file.Restore(new() { MarkCompacted = true });

        Assert.Equal(3, restored.Machine.Status.CompactedRevision.Value);
        Assert.Equal("2", restored.Get(KeyRange.All).KeyValues.Single().ValueString);
        Assert.Empty(restored.History(KeyRange.All, 3));
    }

    [Fact]
    public void Leases_begin_anew_with_their_keys()
    {
        FakeTimeProvider clock = new();
        TestStore store = new(clock: clock);
        foreach (long id in (long[])[7, -7, long.MaxValue, long.MinValue, 1])
            store.Grant(100, id);
        store.PutWith("a", "1", new() { Lease = new(7) });
        store.PutWith("b", "1", new() { Lease = new(-7) });
        clock.Advance(TimeSpan.FromSeconds(90));

        using BackupFile file = BackupFile.Of(store);
        TestStore restored = file.Restore();

        Assert.Equal(
            [long.MinValue, -7, 1, 7, long.MaxValue],
            TestStore.Now(restored.Store.ListLeasesAsync()).Select(id => id.Value));
        LeaseStatus lease = TestStore.Now(restored.Store.GetLeaseAsync(new(-7), includeKeys: true))!;
        Assert.Equal("b", KeyText.Of(lease.Keys.Single().Span));
        Assert.InRange(lease.Remaining.TotalSeconds, 95, 100);
        Assert.Equal(7, restored.First().Lease.Value);

        TestStore.Now(restored.Store.RevokeLeaseAsync(new(7)));
        Assert.Equal("b", restored.First().KeyString);
    }

    [Fact]
    public async Task No_more_than_a_few_are_open_at_a_time()
    {
        EmbeddedKeyValueStore store = new TestStore().Store;
        List<Stream> open = [];
        for (int i = 0; i < EmbeddedKeyValueStore.MaxOpenBackups; i++)
            open.Add(await store.OpenBackupAsync());
        await Assert.ThrowsAsync<ProposalDroppedException>(() => store.BackupAsync(Stream.Null));
        await Assert.ThrowsAsync<ProposalDroppedException>(() => store.BackupAsync(Stream.Null));

        await open[0].DisposeAsync();
        await open[0].DisposeAsync();
        await store.BackupAsync(Stream.Null);
        open[0] = await store.OpenBackupAsync();
        await Assert.ThrowsAsync<ProposalDroppedException>(() => store.BackupAsync(Stream.Null));
        foreach (Stream backup in open)
            await backup.DisposeAsync();
    }

    [Fact]
    public async Task A_backup_can_be_given_up()
    {
        using CancellationTokenSource cancellation = new();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new TestStore().Store.BackupAsync(new MemoryStream(), cancellation.Token));
    }

    private static void AssertSame(TestStore expected, TestStore actual)
    {
        KeyValueStatus status = expected.Machine.Status;
        Assert.Equal(status.Revision, actual.Machine.Status.Revision);
        Assert.Equal(status.CompactedRevision, actual.Machine.Status.CompactedRevision);
        long first = Math.Max(1, status.CompactedRevision.Value);
        for (long revision = first; revision <= status.Revision.Value; revision++)
        {
            Assert.Equal(
                expected.Get(KeyRange.All, revision).KeyValues, actual.Get(KeyRange.All, revision).KeyValues);
        }

        Assert.Equal(expected.History(KeyRange.All, first), actual.History(KeyRange.All, first));
    }
}
