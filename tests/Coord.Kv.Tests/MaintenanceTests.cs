using Coord.Raft;
using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests;

/// <summary>Alarms, checksums, what members publish, and compaction that nobody asks for.</summary>
public sealed class MaintenanceTests
{
    private static readonly Transaction ReadElsePut = Transaction.Of(Operation.Get(KeyRange.All))
        .Else(Operation.Put("x"u8.ToArray(), default));

    private readonly TestStore _store = new();

    [Fact]
    public async Task A_full_store_refuses_what_takes_space_until_it_is_disarmed_and_does_all_else()
    {
        TestStore store = new(new() { QuotaBytes = 1000, RetainedRevisions = 0 });
        store.Put("a", new string('x', 700));
        Assert.Empty(store.Store.Alarms);
        Assert.Throws<SpaceExceededException>(() => store.Put("b", new string('x', 700)));
        Assert.Equal([new Alarm(new(7), AlarmKind.NoSpace)], store.Store.Alarms);

        // Also what would fit.
        Assert.Throws<SpaceExceededException>(() => store.Put("b", ""));
        Assert.Throws<SpaceExceededException>(() => store.Grant(10));
        Assert.Throws<SpaceExceededException>(() => store.Commit(ReadElsePut));
        Assert.Single(store.Commit(Transaction.Of(Operation.Get(KeyRange.All))).Results);
        Assert.Equal(1, store.Delete(KeyRange.Single("a")).Deleted);
        store.Compact(3);

        TestStore restored = new();
        restored.Restore(store.Snapshot());
        Assert.Throws<SpaceExceededException>(() => restored.Put("b", ""));
        Assert.Empty(await store.Store.DisarmAlarmAsync(new(new(8), AlarmKind.NoSpace)));
        Assert.Empty(await store.Store.DisarmAlarmAsync(new(new(7), AlarmKind.Corrupt)));
        Assert.Single(await store.Store.DisarmAlarmAsync(new(new(7), AlarmKind.NoSpace)));
        Assert.Empty(store.Store.Alarms);
        Assert.Equal(4, store.Put("b", ""));
    }

    [Fact]
    public void A_transaction_is_refused_for_space_as_a_whole()
    {
        TestStore store = new(new() { QuotaBytes = 1000, RetainedRevisions = 0 });
        Operation[] puts = [.. "abc".Select(key => Operation.Put(new[] { (byte)key }, new byte[250]))];
        Assert.Throws<SpaceExceededException>(() => store.Commit(Transaction.Of(puts)));
        Assert.Equal((1, 0), (store.Status.Revision.Value, store.Status.Keys));
        store.DisarmAll();
        store.Commit(Transaction.Of(puts[..2]));
    }

    [Fact]
    public async Task A_corrupt_store_refuses_everything_until_it_is_disarmed()
    {
        _store.Put("a", "1");
        _store.Grant(10, id: 5);
        await _store.Store.RaiseAlarmAsync(new(new(3), AlarmKind.Corrupt));
        Assert.Throws<StoreCorruptException>(() => _store.Put("a", "2"));
        Assert.Throws<StoreCorruptException>(() => _store.Get(KeyRange.All));
        Assert.Throws<StoreCorruptException>(() => _store.Get(KeyRange.Single("a")));
        Assert.Throws<StoreCorruptException>(() => _store.Delete(KeyRange.All));
        Assert.Throws<StoreCorruptException>(() => _store.Commit(Transaction.Of()));
        Assert.Throws<StoreCorruptException>(() => _store.Compact(2));
        Assert.Throws<StoreCorruptException>(() => _store.Grant(10));
        Assert.Throws<StoreCorruptException>(() => TestStore.Now(_store.Store.RevokeLeaseAsync(new(5))));
        Assert.NotEqual(0u, _store.Hash().Hash);
        Assert.Equal([new Alarm(new(3), AlarmKind.Corrupt)], await _store.Store.DisarmAlarmAsync(default));
        Assert.Equal(3, _store.Put("a", "2"));
    }

    [Fact]
    public async Task What_members_publish_is_known_to_all_and_survives()
    {
        MemberInfo one = new(new(9), "one", ["http://a:1", "http://b:1"], ["http://a:2"]);
        await _store.Store.PublishMemberAsync(new(new(9), "", ["http://old"], []));
        await _store.Store.PublishMemberAsync(one);
        await _store.Store.PublishMemberAsync(new(new(2), "zwei", [], []));
        TestStore restored = new();
        restored.Restore(_store.Snapshot());
        Assert.Equal([2, 9], restored.Store.Members.Select(member => (long)member.Id.Value));
        MemberInfo read = restored.Store.Members[1];
        Assert.Equal(("one", 2, "http://a:2"), (read.Name, read.PeerUrls.Count, read.ClientUrls.Single()));
        await restored.Store.ForgetMemberAsync(new(2));
        Assert.Equal("one", restored.Store.Members.Single().Name);
        Assert.Equal(1, restored.Status.Revision.Value);
    }

    /// <summary>Equal histories have equal checksums, however far memory was freed; others do not.</summary>
    [Property(MaxTest = 60)]
    public void Members_with_the_same_data_have_the_same_checksum(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        TestStore one = new();
        TestStore other = new();
        using IStateCapture held = other.Machine.Capture(); // It keeps memory that the other one frees.
        Dictionary<long, uint> hashes = [];
        for (int i = 0; i < 300; i++)
        {
            Write(random.Next(), one);
            one.Put($"k{i % 40:00}", $"{random.Next(3)}");
            hashes[one.Status.Revision.Value] = one.Hash().Hash;
            if (random.Next(40) == 0)
            {
                one.Compact(random.NextInt64(one.Status.CompactedRevision.Value + 1, one.Status.Revision.Value + 1));
                hashes.Clear();
            }
        }

        foreach ((long revision, uint hash) in hashes)
            Assert.Equal(hash, one.Hash(revision).Hash);
        other.Restore(one.Snapshot());
        foreach (long revision in hashes.Keys)
            Assert.Equal(one.Hash(revision), other.Hash(revision));
        other.Put("k", "different");
        one.Put("k", "Different");
        Assert.NotEqual(one.Hash().Hash, other.Hash().Hash);
        Assert.Throws<FutureRevisionException>(() => one.Hash(one.Status.Revision.Value + 1));
        if (one.Status.CompactedRevision.Value > 1)
            Assert.Throws<CompactedException>(() => one.Hash(one.Status.CompactedRevision.Value - 1));
    }

    [Fact]
    public void Freeing_memory_does_not_change_the_checksum()
    {
        TestStore store = new();
        TestStore twin = new();
        foreach (TestStore each in new[] { store, twin })
        {
            for (int i = 0; i < 2000; i++)
                each.Put($"k{i % 7}", $"{i}");
            each.Delete(KeyRange.Prefix("k1"));
            each.Compact(2002);
        }

        while (store.Machine.IsCompacting())
            store.Machine.Apply(new(default, Array.Empty<byte>()));
        while (store.Machine.Reclaim())
        {
        }

        Assert.True(twin.Machine.IsCompacting());
        Assert.Equal(twin.Hash(), store.Hash());
    }

    [Fact]
    public async Task Compaction_can_be_waited_for_until_the_memory_is_free()
    {
        for (int i = 0; i < 20_000; i++)
            _store.Put($"k{i}", "");
        _store.Delete(KeyRange.All);
        await _store.Store.CompactAsync(new(20_002), new() { WaitForRemoval = true });
        Assert.Equal((20_000, true), (_store.Machine.IndexedKeys, _store.Status.UsedBytes > 20_000 * 128));
        _store.Put("x", "");
        await _store.Store.CompactAsync(new(20_003), new() { WaitForRemoval = true });
        Assert.Equal((1, 0, 1), (_store.Machine.IndexedKeys, _store.Status.UsedBytes / 1000, _store.Status.Keys));
    }

    [Fact]
    public async Task Compaction_by_age_keeps_what_is_younger()
    {
        FakeTimeProvider clock = new();
        TestStore store = new(
            new() { RetainedRevisions = 0, CompactionMode = CompactionMode.Periodic }, clock: clock);
        for (int minute = 0; minute < 180; minute++)
        {
            store.Put("a", "");
            await store.Store.Housekeeper.StepAsync(CancellationToken.None);
            clock.Advance(TimeSpan.FromMinutes(1));
            long age = store.Status.Revision.Value - store.Status.CompactedRevision.Value;
            Assert.True(minute < 66 || age is >= 60 and <= 126, $"{age} revisions at minute {minute}");
            Assert.True(minute >= 59 || store.Status.CompactedRevision.IsZero);
        }
    }

    [Fact]
    public async Task Compaction_by_count_keeps_so_many_and_is_the_leaders_work()
    {
        FakeTimeProvider clock = new();
        TestStore store = new(
            new()
            {
                RetainedRevisions = 0,
                CompactionMode = CompactionMode.Revisions,
                CompactionRetainedRevisions = 10,
            },
            clock: clock);
        for (int i = 0; i < 50; i++)
            store.Put("a", "");
        store.Log.LeadingTerm = default;
        await BeatAfter(6);
        Assert.True(store.Status.CompactedRevision.IsZero);
        store.Log.LeadingTerm = new(2);
        await BeatAfter(1);
        Assert.Equal(41, store.Status.CompactedRevision.Value);
        store.Put("a", "");
        await BeatAfter(4);
        Assert.Equal(41, store.Status.CompactedRevision.Value);
        await BeatAfter(1);
        Assert.Equal(42, store.Status.CompactedRevision.Value);

        async Task BeatAfter(int minutes)
        {
            clock.Advance(TimeSpan.FromMinutes(minutes));
            await store.Store.Housekeeper.StepAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_store_that_nobody_writes_to_is_compacted_all_the_same()
    {
        for (int i = 0; i < 10_000; i++)
            _store.Put("a", "");
        _store.Compact(10_001);
        Assert.True(_store.Machine.IsCompacting());
        for (int i = 0; i < 3; i++)
            await _store.Store.Housekeeper.StepAsync(CancellationToken.None);
        Assert.False(_store.Machine.IsCompacting());
    }

    private static void Write(int what, TestStore store)
    {
        string key = $"k{what % 40:00}";
        if (what % 3 == 0)
            store.Delete(KeyRange.Single(key));
        else if (what % 50 == 1)
            store.Delete(KeyRange.Prefix(key[..2]));
    }
}
