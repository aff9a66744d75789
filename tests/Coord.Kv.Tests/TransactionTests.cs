namespace Coord.Kv.Tests;

/// <summary>The semantics of etcd's transactions, a sentence each.</summary>
public sealed class TransactionTests
{
    private static readonly PutOptions WithPrevious = new() { ReturnPrevious = true };

    private readonly TestStore _store = new();

    [Fact]
    public void All_changes_share_one_revision_and_come_in_the_order_of_their_steps()
    {
        _store.Put("c", "0");
        TransactionResult result = _store.Commit(Transaction.Of(
            Put("b", "1"), Operation.Delete(KeyRange.Single("c")), Put("a", "2")));
        Assert.Equal((3, true), (result.Revision.Value, result.Succeeded));
        Assert.Equal(
            [(3, "b", WatchEventKind.Put), (3, "c", WatchEventKind.Delete), (3, "a", WatchEventKind.Put)],
            _store.History(KeyRange.All, 3).Select(e => (e.Revision.Value, e.KeyValue.KeyString, e.Kind)));
        Assert.Equal([3, 3, 3], RevisionsOf(result));
    }

    [Fact]
    public void One_list_is_done_and_the_other_is_not()
    {
        Transaction create = Transaction.If(Comparison.Missing(KeyRange.Single("a")))
            .Then(Put("a", "new")).Else(Operation.Get(KeyRange.Single("a")));
        Assert.True(_store.Commit(create).Succeeded);
        TransactionResult second = _store.Commit(create);
        Assert.Equal((2, false), (second.Revision.Value, second.Succeeded));
        Assert.Equal("new", second.Results.Single().Get!.First!.ValueString);
    }

    [Fact]
    public void What_only_reads_or_deletes_nothing_makes_no_revision()
    {
        _store.Put("a", "1");
        Assert.Equal(2, _store.Commit(Transaction.Of(Operation.Get(KeyRange.All))).Revision.Value);
        TransactionResult result = _store.Commit(Transaction.Of(Operation.Delete(KeyRange.Single("x"))));
        Assert.Equal((2, 0), (result.Revision.Value, result.Results[0].Delete!.Deleted));
    }

    [Fact]
    public void A_read_sees_the_steps_before_it_and_one_at_a_revision_sees_the_past()
    {
        _store.Put("a", "old");
        GetOptions past = new() { Revision = new(2) };
        TransactionResult result = _store.Commit(Transaction.Of(
            Operation.Get(KeyRange.All), Put("a", "new"), Operation.Get(KeyRange.All),
            Operation.Get(KeyRange.All, past)));
        Assert.Equal(
            [(2, "old"), (3, "new"), (3, "old")],
            result.Results.Where(r => r.Get is not null)
                .Select(r => (r.Get!.Revision.Value, r.Get.First!.ValueString)));
    }

    [Fact]
    public void Conditions_of_an_inner_transaction_look_at_the_state_before_the_whole()
    {
        Transaction inner = Transaction.If(Comparison.Exists(KeyRange.Single("a"))).Then(Put("yes", "")).Else(
            Put("no", ""));
        TransactionResult result = _store.Commit(Transaction.Of(Put("a", "1"), Operation.Nested(inner)));
        Assert.False(result.Results[1].Nested!.Succeeded);
        Assert.Equal(["a", "no"], _store.Get(KeyRange.All).KeyValues.Select(key => key.KeyString));
    }

    [Fact]
    public void Previous_versions_are_returned_if_asked_for()
    {
        _store.Put("a", "1");
        _store.Put("b", "2");
        TransactionResult result = _store.Commit(Transaction.Of(
            Operation.Put("a"u8.ToArray(), "3"u8.ToArray(), WithPrevious),
            Operation.Delete(KeyRange.Single("b"), new() { ReturnPrevious = true }),
            Operation.Put("c"u8.ToArray(), default, WithPrevious)));
        Assert.Equal("1", result.Results[0].Put!.Previous!.ValueString);
        Assert.Equal("2", result.Results[1].Delete!.Previous.Single().ValueString);
        Assert.Null(result.Results[2].Put!.Previous);
    }

    [Theory]
    [InlineData(ComparisonTarget.Version, ComparisonOperator.Equal, 0, true)]
    [InlineData(ComparisonTarget.CreateRevision, ComparisonOperator.Less, 1, true)]
    [InlineData(ComparisonTarget.ModRevision, ComparisonOperator.Greater, 0, false)]
    [InlineData(ComparisonTarget.Lease, ComparisonOperator.NotEqual, 0, false)]
    [InlineData(ComparisonTarget.Value, ComparisonOperator.Equal, 0, false)]
    [InlineData(ComparisonTarget.Value, ComparisonOperator.NotEqual, 0, false)]
    public void A_missing_key_has_zero_everywhere_and_no_value(
        ComparisonTarget target, ComparisonOperator comparison, long number, bool expected)
    {
        foreach (KeyRange range in new[] { KeyRange.Single("x"), KeyRange.Prefix("x"), KeyRange.Between("b", "a") })
        {
            Transaction probe = Transaction.If(new Comparison(range, target, comparison, number, default));
            Assert.Equal(expected, _store.Commit(probe).Succeeded);
        }
    }

    [Fact]
    public void A_condition_on_a_range_must_hold_for_all_of_its_keys()
    {
        _store.Put("a1", "x");
        _store.Put("a2", "x");
        KeyRange range = KeyRange.Prefix("a");
        Comparison allX = Comparison.OfValue(range, ComparisonOperator.Equal, "x"u8.ToArray());
        Comparison allOld = Comparison.OfModRevision(range, ComparisonOperator.Less, new(4));
        Assert.True(_store.Commit(Transaction.If(allX, allOld)).Succeeded);
        _store.Put("a2", "y");
        Assert.False(_store.Commit(Transaction.If(allX)).Succeeded);
        Assert.False(_store.Commit(Transaction.If(allOld)).Succeeded);
    }

    [Fact]
    public async Task A_step_that_fails_is_found_before_anything_is_written()
    {
        for (int i = 0; i < 5; i++)
            _store.Put("a", $"{i}");
        _store.Compact(4);
        byte[] before = _store.Snapshot();
        await RefusedAsync<CompactedException>(Operation.Get(KeyRange.All, new() { Revision = new(3) }));
        await RefusedAsync<FutureRevisionException>(Operation.Get(KeyRange.All, new() { Revision = new(7) }));
        await RefusedAsync<LeaseNotFoundException>(
            Operation.Put("b"u8.ToArray(), default, new() { Lease = new(99) }));
        await RefusedAsync<KeyMissingException>(
            Operation.Put("b"u8.ToArray(), default, new() { KeepValue = true }));
        await RefusedAsync<KeyMissingException>(
            Operation.Put("b"u8.ToArray(), default, new() { KeepLease = true }));
        Assert.Equal(before, _store.Snapshot());

        // What would fail in the list that is not taken does not matter.
        TransactionResult result = _store.Commit(
            Transaction.Of(Put("c", "")).Else(Operation.Get(KeyRange.All, new() { Revision = new(3) })));
        Assert.Equal(7, result.Revision.Value);
    }

    [Fact]
    public void A_put_keeps_its_value_or_its_lease_if_asked()
    {
        LeaseId lease = _store.Grant(5).Id;
        _store.PutWith("a", "1", new() { Lease = lease });
        _store.Commit(Transaction.Of(Operation.Put("a"u8.ToArray(), "2"u8.ToArray(), new() { KeepLease = true })));
        _store.PutWith("a", "", new() { KeepValue = true, KeepLease = true });
        KeyValue key = _store.Get(KeyRange.Single("a")).First!;
        Assert.Equal(("2", 3, lease), (key.ValueString, key.Version, key.Lease));
        _store.PutWith("a", "", new() { KeepValue = true });
        Assert.Equal(("2", LeaseId.None), (_store.Get(KeyRange.All).First!.ValueString, _store.First().Lease));
    }

    [Fact]
    public async Task A_key_is_put_once_on_each_path()
    {
        Operation a = Put("a", "1");
        Operation deleteA = Operation.Delete(KeyRange.Prefix("a"));
        Operation inner = Operation.Nested(Transaction.Of(a));
        await RefusedAsync<ArgumentException>(a, a);
        await RefusedAsync<ArgumentException>(a, deleteA);
        await RefusedAsync<ArgumentException>(deleteA, a);
        await RefusedAsync<ArgumentException>(a, inner);
        await RefusedAsync<ArgumentException>(deleteA, inner);
        await RefusedAsync<ArgumentException>(inner, inner);
        await RefusedAsync<ArgumentException>(Operation.Nested(Transaction.Of(deleteA)), inner);
        await RefusedAsync<ArgumentException>(inner, Operation.Nested(new Transaction().Else(a)));
        Assert.Equal(1, _store.Get(KeyRange.All).Revision.Value);

        Operation deleteB = Operation.Delete(KeyRange.Single("b"));
        _store.Commit(Transaction.Of(Operation.Nested(Transaction.Of(a).Else(a)), deleteB, deleteB));
        Assert.Equal(2, _store.Get(KeyRange.All).Revision.Value);
    }

    [Fact]
    public async Task The_longest_list_is_taken_from_what_inner_transactions_may_have()
    {
        Operation[] many = [.. Enumerable.Range(0, 129).Select(i => Put($"k{i}", ""))];
        await RefusedAsync<ArgumentException>(many);
        _store.Commit(Transaction.Of(many[..128]));
        Operation nested = Operation.Nested(Transaction.Of(many[..100]));
        _store.Commit(Transaction.Of([nested, .. many[101..128]]));
        await RefusedAsync<ArgumentException>([nested, .. many[100..129]]);
        Transaction deep = Transaction.Of();
        for (int i = 0; i < 130; i++)
            deep = Transaction.Of(Operation.Nested(deep));
        await RefusedAsync<ArgumentException>(Operation.Nested(deep));
    }

    [Fact]
    public async Task A_transaction_larger_than_a_request_may_be_is_refused()
    {
        byte[] value = new byte[800_000];
        await RefusedAsync<RequestTooLargeException>(
            Operation.Put("a"u8.ToArray(), value), Operation.Put("b"u8.ToArray(), value));
        await RefusedAsync<RequestTooLargeException>(Operation.Put(new byte[65 * 1024], default));
    }

    [Fact]
    public async Task Options_that_contradict_each_other_and_empty_keys_are_refused()
    {
        await RefusedAsync<ArgumentException>(
            Operation.Put("a"u8.ToArray(), "v"u8.ToArray(), new() { KeepValue = true }));
        await RefusedAsync<ArgumentException>(
            Operation.Put("a"u8.ToArray(), default, new() { KeepLease = true, Lease = new(1) }));
        await RefusedAsync<ArgumentException>(Operation.Put(default, default));
        await RefusedAsync<ArgumentException>(Operation.Get(default));
        await RefusedAsync<ArgumentException>(Operation.Delete(default));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _store.Store.CommitAsync(Transaction.If(Comparison.Exists(default))));
    }

    private static PutOperation Put(string key, string value) =>
        Operation.Put(TestStore.Bytes(key), TestStore.Bytes(value));

    private static IEnumerable<long> RevisionsOf(TransactionResult result) => result.Results.Select(
        r => (r.Put?.Revision ?? r.Get?.Revision ?? r.Delete?.Revision ?? r.Nested!.Revision).Value);

    private async Task RefusedAsync<T>(params Operation[] operations)
        where T : Exception
    {
        Operation[] all = [Put("first", ""), .. operations];
        await Assert.ThrowsAnyAsync<T>(async () => await _store.Store.CommitAsync(Transaction.Of(all)));
        await Assert.ThrowsAnyAsync<T>(async () => await _store.Store.CommitAsync(
            Transaction.Of(Operation.Nested(Transaction.Of(all)))));
    }
}
