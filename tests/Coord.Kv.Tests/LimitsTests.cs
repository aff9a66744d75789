using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>Everything has a bound, and what happens there is known.</summary>
public sealed class LimitsTests
{
    [Fact]
    public async Task A_key_or_value_beyond_its_bound_is_refused_before_it_is_sent()
    {
        TestStore store = new(new() { MaxKeyBytes = 4, MaxValueBytes = 5 });
        await store.Store.PutAsync("1234", "12345");
        RequestTooLargeException refused =
            await Assert.ThrowsAsync<RequestTooLargeException>(async () => await store.Store.PutAsync("12345", ""));
        Assert.Equal((5, 4, Outcome.DidNotHappen), (refused.Bytes, refused.MaxBytes, refused.Outcome));
        await Assert.ThrowsAsync<RequestTooLargeException>(async () => await store.Store.PutAsync("a", "123456"));
        await Assert.ThrowsAsync<RequestTooLargeException>(async () => await store.Store.DeleteAsync("12345"));
        await Assert.ThrowsAsync<RequestTooLargeException>(
            async () => await store.Store.DeleteAsync(KeyRange.Between("a", "bbbbb")));
        foreach (Operation large in (Operation[])
            [
                Operation.Put("12345"u8.ToArray(), default),
                Operation.Put("a"u8.ToArray(), "123456"u8.ToArray()),
                Operation.Delete(KeyRange.Single("12345")),
                Operation.Delete(KeyRange.Between("a", "bbbbb")),
            ])
        {
            await Assert.ThrowsAsync<RequestTooLargeException>(
                async () => await store.Store.CommitAsync(Transaction.Of(large)));
            await Assert.ThrowsAsync<RequestTooLargeException>(
                async () => await store.Store.CommitAsync(
                    new Transaction().Else(Operation.Nested(Transaction.Of(large)))));
        }

        Assert.Equal(2, store.Machine.Status.Revision.Value);
    }

    /// <summary>The sizes at which etcd 3.4 accepts and refuses with its default of 1.5 MiB.</summary>
    [Fact]
    public async Task A_request_of_1_5_MiB_fits_and_a_larger_one_does_not()
    {
        TestStore store = new();
        await store.Store.PutAsync("a"u8.ToArray(), new byte[1_572_000]);
        await Assert.ThrowsAsync<RequestTooLargeException>(
            async () => await store.Store.PutAsync("a"u8.ToArray(), new byte[1_572_850]));
    }

    [Fact]
    public async Task A_full_store_refuses_puts_and_still_deletes_and_compacts()
    {
        TestStore store = new(new() { QuotaBytes = 3 * 139, RetainedRevisions = 0 });
        for (int i = 0; i < 3; i++)
            store.Put($"{i}", new string('v', 10));
        SpaceExceededException refused =
            await Assert.ThrowsAsync<SpaceExceededException>(async () => await store.Store.PutAsync("4", "4444444444"));
        Assert.Equal((3 * 139, Outcome.DidNotHappen), (refused.UsedBytes, refused.Outcome));
        Assert.Equal(4, store.Machine.Status.Revision.Value);

        Assert.Equal(3, store.Delete(KeyRange.All).Deleted);
        store.DisarmAll();
        await Assert.ThrowsAsync<SpaceExceededException>(async () => await store.Store.PutAsync("4", "4"));
        store.DisarmAll();
        store.Put("x", "", quota: 0);
        store.Compact(6);
        Assert.Equal(7, store.Put("4", "4444444444"));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(0)]
    public async Task A_full_store_that_is_emptied_at_one_stroke_takes_puts_again(long retainedRevisions)
    {
        TestStore store = new(new() { QuotaBytes = 10 * 139, RetainedRevisions = retainedRevisions });
        for (int i = 0; i < 10; i++)
            store.Put($"{i}", new string('v', 10));
        string value = new('v', 99);
        await Assert.ThrowsAsync<SpaceExceededException>(async () => await store.Store.PutAsync("x", value));

        Assert.Equal(10, store.Delete(KeyRange.All).Deleted);
        store.DisarmAll();
        if (retainedRevisions == 0)
            store.Compact(12);

        Assert.Equal(13, store.Put("x", value));
        if (retainedRevisions == 0)
            store.Compact(13);
        for (int i = 0; i < 5; i++)
            store.Put("x", new string('v', 9));

        Assert.InRange(store.Machine.Status.UsedBytes, 0, 10 * 139);
    }

    [Fact]
    public void Nobody_is_refused_for_space_that_a_compaction_has_just_given_back()
    {
        TestStore store = new(new() { QuotaBytes = 1000 * 129, RetainedRevisions = 0 });
        for (int i = 0; i < 1000; i++)
            store.Put("k", "");
        store.Compact(1001);
        Assert.Equal(1002, store.Put("x", new string('v', 900 * 129)));
    }

    [Fact]
    public void With_automatic_retention_history_goes_before_a_put_is_refused()
    {
        TestStore store = new(new() { QuotaBytes = 100 * 140, RetainedRevisions = 1_000_000 });
        for (int i = 0; i < 5000; i++)
        {
            store.Put("k", new string('v', 11));
            Assert.InRange(store.Machine.Status.UsedBytes, 0, 100 * 140);
        }

        KeyValueStatus status = store.Machine.Status;
        Assert.InRange(status.Revision.Value - status.CompactedRevision.Value, 20, 100);
    }

    [Fact]
    public void Automatic_retention_bounds_history_without_anybody_compacting()
    {
        TestStore store = new(new() { RetainedRevisions = 10 });
        for (int i = 0; i < 1000; i++)
            store.Put($"k{i % 5}", "v");
        KeyValueStatus status = store.Machine.Status;
        Assert.Equal(991, status.CompactedRevision.Value);
        Assert.InRange(status.UsedBytes, 0, 16 * 131);
        Assert.Equal(5, store.Get(KeyRange.All, revision: 991).Count);
        Assert.Throws<CompactedException>(() => store.Get(KeyRange.All, revision: 990));
    }

    /// <summary>Members decide by the bounds in the command, so their own options cannot make them differ.</summary>
    [Fact]
    public void Members_with_other_options_come_to_the_same_state()
    {
        TestStore narrow = new(new() { QuotaBytes = 1000, RetainedRevisions = 5 });
        KeyValueStateMachine wide = new(new() { QuotaBytes = 0, RetainedRevisions = 0 });
        narrow.Log.Follower = wide;
        for (int i = 0; i < 200; i++)
        {
            try
            {
                narrow.Put($"k{i % 9}", "v");
            }
            catch (SpaceExceededException)
            {
                narrow.Delete(KeyRange.Prefix("k"));
                narrow.DisarmAll();
            }
        }

        Assert.Equal(narrow.Status, wide.Status with { AllocatedBytes = 0 });
        Assert.InRange(wide.Status.CompactedRevision.Value, 2, long.MaxValue);
    }

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void A_bound_that_makes_no_sense_is_refused_by_name(string name, KeyValueOptions options)
    {
        Assert.Contains(options.Validate(), problem => problem.StartsWith(name, StringComparison.Ordinal));
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new KeyValueStateMachine(options));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Anybody may raise an alarm in the name of any number: they must not fill the memory.</summary>
    [Fact]
    public async Task There_are_1024_alarms_at_most()
    {
        TestStore store = new();
        for (ulong member = 1; member <= 1024; member++)
            await store.Store.RaiseAlarmAsync(new(new(member), AlarmKind.NoSpace));
        await Assert.ThrowsAsync<SpaceExceededException>(
            async () => await store.Store.RaiseAlarmAsync(new(new(1025), AlarmKind.NoSpace)));
        await store.Store.RaiseAlarmAsync(new(new(1024), AlarmKind.NoSpace));
        Assert.Equal(1024, store.Store.Alarms.Count);
        store.Restore(store.Snapshot());
        Assert.Equal(1024, (await store.Store.DisarmAlarmAsync(default)).Count);
        await store.Store.RaiseAlarmAsync(new(new(1025), AlarmKind.NoSpace));
    }

    [Fact]
    public void The_defaults_make_sense() => Assert.Empty(new KeyValueOptions().Validate());

    public static TheoryData<string, KeyValueOptions> WrongOptions() => new()
    {
        { nameof(KeyValueOptions.MaxKeyBytes), new() { MaxKeyBytes = 0 } },
        { nameof(KeyValueOptions.MaxValueBytes), new() { MaxValueBytes = -1 } },
        { nameof(KeyValueOptions.MaxRequestBytes), new() { MaxRequestBytes = 100 } },
        { nameof(KeyValueOptions.MaxRequestBytes), new() { MaxRequestBytes = int.MaxValue } },
        { nameof(KeyValueOptions.QuotaBytes), new() { QuotaBytes = -1 } },
        { nameof(KeyValueOptions.RetainedRevisions), new() { RetainedRevisions = -1 } },
        { nameof(KeyValueOptions.MaxWatchBufferEvents), new() { MaxWatchBufferEvents = 0 } },
        { nameof(KeyValueOptions.MaxWatchBufferBytes), new() { MaxWatchBufferBytes = 0 } },
    };
}
