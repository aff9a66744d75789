using Coord.Contract.Tests.Harness;
using Coord.Kv;
using Coord.Raft;
using static Coord.Kv.ComparisonOperator;

namespace Coord.Contract.Tests.Contract;

public abstract partial class StoreContract
{
    private PutOperation Put(string name, string value = "v") => Operation.Put(Key(name), Bytes(value));

    private async Task<bool> HoldsAsync(Comparison condition) =>
        (await Store.CommitAsync(Transaction.If(condition))).Succeeded;

    [ContractFact]
    public async Task A_transaction_does_the_one_or_the_other_at_one_revision()
    {
        Revision before = await CurrentAsync();
        Transaction create = Transaction.If(Comparison.Missing(One("a")))
            .Then(Put("a", "1"), Put("b", "1"))
            .Else(Operation.Get(One("a")));

        TransactionResult first = await Store.CommitAsync(create);
        Assert.True(first.Succeeded);
        Assert.Equal(before.Next, first.Revision);
        Assert.Equal(2, first.Results.Count);
        Assert.All(first.Results, result => Assert.NotNull(result.Put));
        Assert.Equal(
            [first.Revision, first.Revision],
            (await Store.GetAsync(Home)).KeyValues.Select(pair => pair.ModRevision));

        TransactionResult second = await Store.CommitAsync(create);
        Assert.False(second.Succeeded);
        Assert.Equal(first.Revision, second.Revision);
        Assert.Equal("1", Assert.Single(second.Results).Get!.First!.ValueString);
    }

    [ContractFact]
    public async Task A_transaction_that_changes_nothing_makes_no_revision()
    {
        Revision before = await PutAsync("a");
        TransactionResult result = await Store.CommitAsync(
            Transaction.Of(Operation.Get(Home), Operation.Delete(One("none"))));
        Assert.True(result.Succeeded);
        Assert.Equal(before, result.Revision);
        Assert.Equal(0, result.Results[1].Delete!.Deleted);
        Assert.Equal(before, await CurrentAsync());
        Assert.True((await Store.CommitAsync(new Transaction())).Succeeded);
    }

    [ContractFact]
    public async Task Each_target_is_compared_with_each_operator()
    {
        Revision created = await PutAsync("a", "m");
        Revision changed = await PutAsync("a", "m");
        KeyRange a = One("a");

        async Task ComparesAsync(Func<ComparisonOperator, int, Comparison> condition)
        {
            // Stored against given: less, equal, greater.
            (ComparisonOperator Operator, bool[] Holds)[] table =
            [
                (Equal, [false, true, false]), (NotEqual, [true, false, true]),
                (Greater, [false, false, true]), (Less, [true, false, false]),
            ];
            foreach ((ComparisonOperator comparison, bool[] holds) in table)
            {
                for (int i = 0; i < 3; i++)
                    Assert.Equal(holds[i], await HoldsAsync(condition(comparison, 1 - i)));
            }
        }

        await ComparesAsync((op, more) => Comparison.OfVersion(a, op, 2 + more));
        await ComparesAsync((op, more) => Comparison.OfCreateRevision(a, op, new(created.Value + more)));
        await ComparesAsync((op, more) => Comparison.OfModRevision(a, op, new(changed.Value + more)));
        await ComparesAsync((op, more) => Comparison.OfLease(a, op, new(more)));
        await ComparesAsync((op, more) => Comparison.OfValue(a, op, Bytes($"{(char)('m' + more)}")));
    }

    [ContractFact]
    public async Task A_missing_key_is_zero_and_has_no_value_to_compare()
    {
        KeyRange none = One("none");
        Assert.True(await HoldsAsync(Comparison.Missing(none)));
        Assert.False(await HoldsAsync(Comparison.Exists(none)));
        Assert.True(await HoldsAsync(Comparison.OfCreateRevision(none, Equal, default)));
        Assert.True(await HoldsAsync(Comparison.OfModRevision(none, Less, new(5))));
        Assert.True(await HoldsAsync(Comparison.OfLease(none, Equal, default)));
        Assert.False(await HoldsAsync(Comparison.OfValue(none, Equal, default)));
        Assert.False(await HoldsAsync(Comparison.OfValue(none, NotEqual, Bytes("x"))));
    }

    [ContractFact]
    public async Task A_condition_on_a_range_holds_if_all_its_keys_satisfy_it()
    {
        await PutAsync("a", "1");
        await PutAsync("b", "1");
        Assert.True(await HoldsAsync(Comparison.OfValue(Home, Equal, Bytes("1"))));
        await PutAsync("b", "2");
        Assert.False(await HoldsAsync(Comparison.OfValue(Home, Equal, Bytes("1"))));
        Assert.False(await HoldsAsync(Comparison.OfVersion(Home, Equal, 1)));

        // An empty range satisfies what a missing key does.
        KeyRange empty = KeyRange.Prefix(_home + "none/");
        Assert.True(await HoldsAsync(Comparison.OfVersion(empty, Equal, 0)));
        Assert.False(await HoldsAsync(Comparison.OfVersion(empty, Greater, 5)));
        Assert.False(await HoldsAsync(Comparison.OfValue(empty, NotEqual, Bytes("x"))));
    }

    [ContractFact]
    public async Task All_conditions_must_hold()
    {
        await PutAsync("a");
        Transaction both = Transaction.If(Comparison.Exists(One("a")), Comparison.Exists(One("b")));
        Assert.False((await Store.CommitAsync(both)).Succeeded);
        await PutAsync("b");
        Assert.True((await Store.CommitAsync(both)).Succeeded);
    }

    [ContractFact]
    public async Task Steps_see_what_the_steps_before_wrote_but_not_in_the_past()
    {
        Revision past = await PutAsync("a", "1");
        await PutAsync("a", "2");
        TransactionResult result = await Store.CommitAsync(Transaction.Of(
            Put("a", "3"),
            Operation.Get(One("a")),
            Operation.Get(One("a"), new() { Revision = past }),
            Operation.Delete(One("none"), new() { ReturnPrevious = true }),
            Put("b"),
            Operation.Get(Home)));
        Assert.Equal("3", result.Results[1].Get!.First!.ValueString);
        Assert.Equal(result.Revision, result.Results[1].Get!.First!.ModRevision);
        Assert.Equal("1", result.Results[2].Get!.First!.ValueString);
        Assert.Equal(0, result.Results[3].Delete!.Deleted);
        Assert.Equal(["a", "b"], Names(result.Results[5].Get!.KeyValues));
    }

    [ContractFact]
    public async Task Steps_take_the_options_that_single_operations_take()
    {
        await PutAsync("a", "1");
        await PutAsync("b", "1");
        TransactionResult result = await Store.CommitAsync(Transaction.Of(
            Operation.Put(Key("a"), Bytes("2"), new() { ReturnPrevious = true }),
            Operation.Put(Key("c"), Bytes("3")),
            Operation.Get(Home, new() { SortOrder = SortOrder.Descending, Limit = 1, KeysOnly = true }),
            Operation.Get(Home, new() { CountOnly = true }),
            Operation.Delete(One("b"), new() { ReturnPrevious = true })));
        Assert.Equal("1", result.Results[0].Put!.Previous!.ValueString);
        Assert.Equal(["c"], Names(result.Results[2].Get!.KeyValues));
        Assert.True(result.Results[2].Get!.More);
        Assert.True(result.Results[2].Get!.First!.Value.IsEmpty);
        Assert.Equal(3, result.Results[3].Get!.Count);
        Assert.Equal(["b"], Names(result.Results[4].Delete!.Previous));
    }

    [ContractFact]
    public async Task Inner_conditions_look_at_the_state_before_the_whole()
    {
        TransactionResult result = await Store.CommitAsync(Transaction.Of(
            Put("a", "1"),
            Operation.Nested(Transaction.If(Comparison.Missing(One("a")))
                .Then(Put("inner"), Operation.Get(One("a")))
                .Else(Put("wrong")))));
        TransactionResult inner = result.Results[1].Nested!;
        Assert.True(inner.Succeeded);
        Assert.Equal("1", inner.Results[1].Get!.First!.ValueString);
        Assert.Equal(["a", "inner"], await NamesAsync(Home));
        Assert.Equal(result.Revision, (await FindAsync("inner"))!.ModRevision);
    }

    [ContractFact]
    public async Task A_key_is_put_once_on_a_path()
    {
        NestedOperation Branches(Operation success, Operation failure) =>
            Operation.Nested(Transaction.If(Comparison.Missing(One("x"))).Then(success).Else(failure));

        Transaction[] wrong =
        [
            Transaction.Of(Put("a"), Put("a")),
            Transaction.Of(Put("a"), Operation.Delete(Home)),
            Transaction.Of(Operation.Delete(One("a")), Put("a")),
            Transaction.Of(Put("a"), Branches(Put("b"), Put("a"))),
            // In a branch that is not taken, too.
            Transaction.If(Comparison.Missing(One("x"))).Else(Put("a"), Put("a")),
        ];
        foreach (Transaction transaction in wrong)
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.CommitAsync(transaction));
        Assert.Empty(await NamesAsync(Home));

        await Store.CommitAsync(Transaction.Of(Branches(Put("a"), Put("a"))));
        await Store.CommitAsync(Transaction.Of(Operation.Delete(One("a")), Operation.Delete(Home)));
        Assert.Empty(await NamesAsync(Home));
    }

    [ContractFact]
    public async Task A_transaction_has_at_most_128_steps()
    {
        Operation[] most = [.. Enumerable.Range(0, 128).Select(i => Put($"{i:d3}"))];
        await Store.CommitAsync(Transaction.Of(most));
        Assert.Equal(128, (await Store.GetAsync(Home, new() { CountOnly = true })).Count);
        await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await Store.CommitAsync(Transaction.Of([.. most, Put("one more")])));
    }

    [ContractFact]
    public async Task A_step_that_cannot_be_done_undoes_the_whole()
    {
        Revision current = await PutAsync("a");
        async Task FailsAsync<T>(Operation step)
            where T : CoordException
        {
            T exception = await Assert.ThrowsAsync<T>(
                async () => await Store.CommitAsync(Transaction.Of(Put("b"), step)));
            Assert.Equal(Outcome.DidNotHappen, exception.Outcome);
        }

        await FailsAsync<FutureRevisionException>(
            Operation.Get(One("a"), new() { Revision = new(current.Value + 10) }));
        await FailsAsync<LeaseNotFoundException>(
            Operation.Put(Key("c"), Bytes("v"), new() { Lease = new(0x7e57_0000_dead) }));
        await FailsAsync<KeyMissingException>(Operation.Put(Key("c"), default, new() { KeepValue = true }));
        await FailsAsync<KeyMissingException>(Operation.Put(Key("c"), Bytes("v"), new() { KeepLease = true }));
        await Store.CompactAsync(current);
        await FailsAsync<CompactedException>(
            Operation.Get(One("a"), new() { Revision = new(current.Value - 1) }));
        Assert.Equal(["a"], await NamesAsync(Home));
        Assert.Equal(current, await CurrentAsync());
    }

    [ContractFact]
    public async Task A_transaction_needs_keys_everywhere()
    {
        Transaction[] wrong =
        [
            Transaction.If(Comparison.Missing(default)),
            Transaction.Of(Operation.Put(default, Bytes("v"))),
            Transaction.Of(Operation.Get(default)),
            Transaction.Of().Else(Operation.Delete(default)),
            Transaction.Of(Operation.Nested(Transaction.Of(Operation.Get(default)))),
        ];
        foreach (Transaction transaction in wrong)
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.CommitAsync(transaction));
    }
}
