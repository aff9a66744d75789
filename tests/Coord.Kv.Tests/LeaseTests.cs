using Coord.Kv.Mvcc;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests;

/// <summary>A lease lives for its time at least, whoever leads; then its keys go, all in one revision.</summary>
public sealed class LeaseTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TestStore _store;

    public LeaseTests() => _store = new(clock: _clock);

    [Fact]
    public void A_lease_has_the_id_and_time_asked_for_or_the_least_time_and_an_id_of_its_own()
    {
        LeaseGrant given = _store.Grant(60, id: 5);
        Assert.Equal((5, 60, 1), (given.Id.Value, given.TimeToLive.TotalSeconds, given.Revision.Value));
        LeaseGrant chosen = _store.Grant(-3);
        Assert.Equal(2, chosen.TimeToLive.TotalSeconds);
        Assert.InRange(chosen.Id.Value, 1, long.MaxValue);
        Assert.Equal(11, _store.Grant(10.2, id: -7).TimeToLive.TotalSeconds);
        Assert.Throws<LeaseExistsException>(() => _store.Grant(60, id: 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _store.Grant(9_000_000_001));
        Assert.Equal(9_000_000_000, _store.Grant(9_000_000_000).TimeToLive.TotalSeconds);
    }

    [Fact]
    public void Leases_are_listed_in_order_and_read_with_their_keys()
    {
        _store.Grant(60, id: 9);
        _store.Grant(30, id: 3);
        _store.PutWith("b", "", new() { Lease = new(9) });
        _store.PutWith("a", "", new() { Lease = new(9) });
        Assert.Equal([3, 9], TestStore.Now(_store.Store.ListLeasesAsync()).Select(id => id.Value));
        _clock.Advance(TimeSpan.FromSeconds(10));
        LeaseStatus status = Status(9, includeKeys: true)!;
        Assert.Equal((60, 50), (status.GrantedTimeToLive.TotalSeconds, status.Remaining.TotalSeconds));
        Assert.Equal(["a", "b"], status.Keys.Select(key => KeyText.Of(key.Span)));
        Assert.Empty(Status(9)!.Keys);
        Assert.Null(Status(4));
        Assert.Equal(2, _store.Machine.Status.Leases);
    }

    [Fact]
    public void Revoking_deletes_the_keys_in_order_at_one_revision()
    {
        _store.Grant(60, id: 1);
        foreach (string key in new[] { "c", "a", "b" })
            _store.PutWith(key, "", new() { Lease = new(1) });
        _store.Put("d", "");
        Assert.Equal(6, Revoke(1));
        Assert.Equal(["a", "b", "c"], _store.History(KeyRange.All, 6).Select(e => e.KeyValue.KeyString));
        Assert.Throws<LeaseNotFoundException>(() => Revoke(1));
        Assert.Throws<LeaseNotFoundException>(() => KeepAlive(1));
        _store.Grant(60, id: 1);
        Assert.Equal(6, Revoke(1));
    }

    [Fact]
    public void A_put_moves_or_detaches_a_key_and_a_deletion_detaches_it()
    {
        _store.Grant(60, id: 1);
        _store.Grant(60, id: 2);
        _store.PutWith("a", "", new() { Lease = new(1) });
        _store.PutWith("b", "", new() { Lease = new(1) });
        _store.PutWith("c", "", new() { Lease = new(1) });
        _store.PutWith("a", "", new() { Lease = new(2) });
        _store.Put("b", "");
        _store.Delete(KeyRange.Single("c"));
        _store.Put("c", "");
        Assert.Empty(Status(1, includeKeys: true)!.Keys);
        Assert.Single(Status(2, includeKeys: true)!.Keys);
        Revoke(1);
        Revoke(2);
        Assert.Equal(["b", "c"], _store.Get(KeyRange.All).KeyValues.Select(key => key.KeyString));
        Assert.Throws<LeaseNotFoundException>(() => _store.PutWith("a", "", new() { Lease = new(1) }));
    }

    [Fact]
    public async Task A_lease_ends_when_its_time_is_up_and_not_before()
    {
        _store.Grant(10, id: 1);
        _store.PutWith("a", "", new() { Lease = new(1) });
        await Step(9.9);
        Assert.Single(_store.Get(KeyRange.All).KeyValues);
        await Step(0.2);
        Assert.Empty(_store.Get(KeyRange.All).KeyValues);
        Assert.Null(Status(1));
    }

    [Fact]
    public async Task A_keep_alive_gives_the_whole_time_again()
    {
        _store.Grant(10, id: 1);
        for (int i = 0; i < 20; i++)
        {
            await Step(6);
            Assert.Equal(10, KeepAlive(1));
        }

        await Step(9.9);
        Assert.NotNull(Status(1));
        await Step(0.2);
        Assert.Null(Status(1));
    }

    [Fact]
    public async Task Nobody_but_the_leader_ends_leases()
    {
        _store.Log.LeadingTerm = default;
        _store.Grant(10, id: 1);
        await Step(100);
        Assert.NotNull(Status(1));
    }

    [Fact]
    public async Task A_new_leader_leaves_time_to_come_back_and_resets_nothing()
    {
        await Step(0);
        _store.Grant(10, id: 1);
        _store.Grant(60, id: 2);
        _store.Log.LeadingTerm = default;
        await Step(20);
        _store.Log.LeadingTerm = new(3);
        await Step(0);
        Assert.Equal((1.5, 40), (Status(1)!.Remaining.TotalSeconds, Math.Round(Status(2)!.Remaining.TotalSeconds, 3)));
        await Step(0.9);
        Assert.NotNull(Status(1));
        await Step(0.7);
        Assert.Null(Status(1));
    }

    [Fact]
    public async Task A_leader_that_was_held_up_leaves_time_too()
    {
        await Step(0);
        _store.Grant(10, id: 1);
        _clock.Advance(TimeSpan.FromSeconds(50));
        await Step(0);
        Assert.Equal(1.5, Status(1)!.Remaining.TotalSeconds);
    }

    [Fact]
    public async Task A_leader_that_no_quorum_confirms_ends_nothing()
    {
        await Step(0);
        _store.Grant(2, id: 1);
        await Step(1.8);
        _store.Log.NoQuorum = new Raft.CoordTimeoutException("no quorum");
        await Step(0.9);
        _store.Log.NoQuorum = null;
        Assert.NotNull(_store.Machine.FindLease(1, includeKeys: false));
    }

    /// <summary>The race that etcd lost (PR 20615), decided by the order of the log alone.</summary>
    [Fact]
    public async Task A_keep_alive_that_comes_first_in_the_log_wins_over_an_expiry()
    {
        _store.Grant(2, id: 1);
        _store.PutWith("a", "", new() { Lease = new(1) });
        List<long> due = [];
        _clock.Advance(TimeSpan.FromSeconds(3));
        _store.Machine.CollectDueLeases(10, 10, due);
        Assert.Equal(1, due[0]);
        KeepAlive(1);
        await _store.Store.ProposeLeaseCommandAsync(Commands.CommandKind.ExpireLeases, due);
        Assert.Single(_store.Get(KeyRange.All).KeyValues);

        // Nor does it end another lease that has taken the id meanwhile.
        Revoke(1);
        _store.Grant(2, id: 1);
        await _store.Store.ProposeLeaseCommandAsync(Commands.CommandKind.ExpireLeases, due);
        Assert.NotNull(Status(1));
    }

    [Fact]
    public async Task Many_leases_end_in_batches_and_each_at_a_revision_of_its_own()
    {
        for (int i = 1; i <= 2500; i++)
        {
            _store.Grant(2, id: i);
            _store.PutWith($"k{i}", "", new() { Lease = new(i) });
        }

        await Step(0);
        await Step(2.5);
        Assert.Equal((0, 0, 5001), (_store.Machine.Status.Leases, _store.Machine.Status.Keys,
            _store.Machine.Status.Revision.Value));
    }

    [Fact]
    public async Task What_long_leases_have_left_is_written_down_and_a_restart_goes_on_from_there()
    {
        _store.Log.KeepCommands = true;
        await Step(0);
        _store.Grant(3600, id: 1);
        await Step(32 * 60);
        TestStore restarted = new(clock: _clock);
        restarted.Restore(_store.Snapshot());
        double left = TestStore.Now(restarted.Store.GetLeaseAsync(new(1)))!.Remaining.TotalSeconds;
        Assert.InRange(left, 3600 - (32 * 60), 3600 - (32 * 60) + 62);

        // Neither does a member that replays its log forget it.
        TestStore replayed = new(clock: _clock);
        foreach (byte[] command in _store.Log.Commands)
            replayed.Machine.Apply(new(default, command));
        left = TestStore.Now(replayed.Store.GetLeaseAsync(new(1)))!.Remaining.TotalSeconds;
        Assert.InRange(left, 3600 - (32 * 60), 3600 - (32 * 60) + 62);
    }

    [Fact]
    public void Leases_and_their_keys_survive_in_snapshots()
    {
        _store.Grant(100, id: 1);
        _store.Grant(200, id: -2);
        _store.PutWith("a", "", new() { Lease = new(-2) });
        TestStore restored = new(clock: _clock);
        restored.Restore(_store.Snapshot());
        Assert.Equal(_store.Snapshot(), restored.Snapshot());
        Assert.Equal([-2, 1], TestStore.Now(restored.Store.ListLeasesAsync()).Select(id => id.Value));
        Assert.Equal(2, TestStore.Now(restored.Store.RevokeLeaseAsync(new(1))).Value);
        Assert.Equal(3, TestStore.Now(restored.Store.RevokeLeaseAsync(new(-2))).Value);
    }

    [Fact]
    public void A_full_store_grants_no_leases()
    {
        TestStore store = new(new() { QuotaBytes = 600, RetainedRevisions = 0 });
        store.Grant(10);
        store.Grant(10);
        Assert.Throws<SpaceExceededException>(() => store.Grant(10));
        Assert.Equal(AlarmKind.NoSpace, store.Store.Alarms.Single().Kind);
    }

    /// <summary>A backup may have a key whose lease is gone. Members must not differ by when they started.</summary>
    [Fact]
    public void A_key_whose_lease_is_missing_is_a_key_of_the_next_one_of_that_id_on_every_member()
    {
        TestStore restarted = new();
        _store.Restore(SnapshotOfKeysWithoutLease("a", "b", "c"));
        _store.PutWith("b", "kept", new() { KeepLease = true });
        _store.PutWith("c", "moved", new());
        _store.Grant(60, id: 5);
        restarted.Restore(_store.Snapshot());
        Assert.Equal(["a", "b"], Status(5, includeKeys: true)!.Keys.Select(key => KeyText.Of(key.Span)));

        Revoke(5);
        TestStore.Now(restarted.Store.RevokeLeaseAsync(new(5)));
        Assert.Equal(["c"], _store.Get(KeyRange.All).KeyValues.Select(key => key.KeyString));
        Assert.Equal(_store.Status, restarted.Status);
        Assert.Equal(_store.Hash(), restarted.Hash());
    }

    private static byte[] SnapshotOfKeysWithoutLease(params string[] keys)
    {
        MemoryStream stream = new();
        SnapshotWriter writer = new(stream, revision: 2, compactedRevision: 0);
        SnapshotRecords records = new();
        for (int i = 0; i < keys.Length; i++)
        {
            byte[] key = TestStore.Bytes(keys[i]);
            records.Add(new SnapshotRecord
            {
                Key = key,
                Stamp = new(2, i),
                CreateRevision = 2,
                Version = 1,
                Lease = 5,
            });
        }

        writer.Write(SnapshotBlock.Changes, records);
        writer.End();
        return stream.ToArray();
    }

    private LeaseStatus? Status(long id, bool includeKeys = false) =>
        TestStore.Now(_store.Store.GetLeaseAsync(new(id), includeKeys));

    private long Revoke(long id) => TestStore.Now(_store.Store.RevokeLeaseAsync(new(id))).Value;

    private double KeepAlive(long id) => TestStore.Now(_store.Store.KeepLeaseAliveAsync(new(id))).TotalSeconds;

    /// <summary>Lets time go by, in beats so short that nobody takes them for a leader that was held up.</summary>
    private async Task Step(double seconds)
    {
        do
        {
            double beat = Math.Min(seconds, 0.8);
            _clock.Advance(TimeSpan.FromSeconds(beat));
            await _store.Store.Housekeeper.StepAsync(CancellationToken.None);
            seconds -= beat;
        }
        while (seconds > 0);
    }
}
