using Coord.Contract.Tests.Harness;
using Coord.Kv;

namespace Coord.Contract.Tests.Contract;

public abstract partial class StoreContract
{
    [ContractFact]
    public async Task A_missing_key_is_no_error()
    {
        GetResult result = await Store.GetAsync(One("a"));
        Assert.Empty(result.KeyValues);
        Assert.Equal(0, result.Count);
        Assert.False(result.More);
        Assert.Null(result.First);
    }

    [ContractFact]
    public async Task A_read_needs_a_key_and_a_limit_that_is_not_negative()
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.GetAsync(default));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.GetAsync(Home, new() { Limit = -1 }));
    }

    [ContractFact]
    public async Task An_interval_has_its_start_and_not_its_end()
    {
        await PutAsync("a");
        await PutAsync("b");
        await PutAsync("c");
        Assert.Equal(["a", "b"], await NamesAsync(new(Key("a"), Key("c"))));
        Assert.Equal(["b", "c"], await NamesAsync(new(Key("aa"), Key("cc"))));
    }

    [ContractFact]
    public async Task A_range_that_ends_before_it_starts_is_empty()
    {
        await PutAsync("a");
        GetResult result = await Store.GetAsync(new(Key("b"), Key("a")));
        Assert.Empty(result.KeyValues);
        Assert.Equal(0, result.Count);
        Assert.Empty(await NamesAsync(new(Key("a"), Key("a"))));
    }

    [ContractFact]
    public async Task Ranges_go_on_to_the_last_key_and_over_bytes_of_all_kinds()
    {
        byte[][] keys = [[.. Key("x"), 0], [.. Key("x"), 0xfe], [.. Key("x"), 0xff], [.. Key("x"), 0xff, 0xff, 1]];
        foreach (byte[] key in keys)
            await Store.PutAsync(key, Bytes("v"));

        GetResult prefix = await Store.GetAsync(KeyRange.Prefix(new ReadOnlyMemory<byte>([.. Key("x"), 0xff])));
        Assert.Equal(keys[2..], prefix.KeyValues.Select(pair => pair.Key.ToArray()));

        byte[] highest = [0xff, 0xff, .. Key("z")];
        await Store.PutAsync(highest, Bytes("v"));
        GetResult from = await Store.GetAsync(KeyRange.From(highest));
        Assert.Equal(highest, Assert.Single(from.KeyValues).Key.ToArray());
        GetResult all = await Store.GetAsync(KeyRange.Prefix(new ReadOnlyMemory<byte>([0xff])));
        Assert.Contains(all.KeyValues, pair => pair.Key.Span.SequenceEqual(highest));
        GetResult everything = await Store.GetAsync(KeyRange.All, new() { KeysOnly = true });
        Assert.Equal(highest, everything.KeyValues[^1].Key.ToArray());
        await Store.DeleteAsync(KeyRange.Single(highest));
    }

    [ContractFact]
    public async Task A_limit_cuts_and_says_so_and_the_count_is_of_all()
    {
        foreach (string name in (string[])["a", "b", "c"])
            await PutAsync(name);

        GetResult cut = await Store.GetAsync(Home, new() { Limit = 2 });
        Assert.Equal(["a", "b"], Names(cut.KeyValues));
        Assert.True(cut.More);
        Assert.Equal(3, cut.Count);

        GetResult exact = await Store.GetAsync(Home, new() { Limit = 3 });
        Assert.Equal(3, exact.KeyValues.Count);
        Assert.False(exact.More);
    }

    [ContractFact]
    public async Task The_past_can_be_read_and_the_answer_has_the_present_revision()
    {
        Revision first = await PutAsync("a", "1");
        await PutAsync("a", "2");
        Revision deleted = (await Store.DeleteAsync(One("a"))).Revision;
        Revision last = await PutAsync("b");

        GetResult result = await Store.GetAsync(One("a"), new() { Revision = first });
        Assert.Equal("1", result.First!.ValueString);
        Assert.Equal(last, result.Revision);
        Assert.Equal(["a"], await NamesAsync(Home, new() { Revision = first }));
        Assert.Empty(await NamesAsync(Home, new() { Revision = deleted }));
    }

    [ContractFact]
    public async Task The_future_cannot_be_read()
    {
        Revision current = await CurrentAsync();
        FutureRevisionException exception = await Assert.ThrowsAsync<FutureRevisionException>(
            async () => await Store.GetAsync(Home, new() { Revision = new(current.Value + 1) }));
        Assert.Equal(current, exception.CurrentRevision);
    }

    [ContractFact]
    public async Task A_range_is_sorted_by_whatever_is_asked_before_the_limit_cuts()
    {
        await PutAsync("a", "3");
        await PutAsync("b", "1");
        await PutAsync("c", "0");
        await PutAsync("a", "2");
        await PutAsync("a", "2");
        await PutAsync("c", "9");

        async Task SortsAsync(SortTarget target, params string[] expected)
        {
            Assert.Equal(expected, await NamesAsync(Home, new() { SortBy = target, SortOrder = SortOrder.Ascending }));
            Assert.Equal(
                expected.Reverse(),
                await NamesAsync(Home, new() { SortBy = target, SortOrder = SortOrder.Descending }));
            Assert.Equal(
                expected[..2],
                await NamesAsync(
                    Home, new() { SortBy = target, SortOrder = SortOrder.Ascending, Limit = 2, KeysOnly = true }));
        }

        await SortsAsync(SortTarget.Key, "a", "b", "c");
        await SortsAsync(SortTarget.Version, "b", "c", "a");
        await SortsAsync(SortTarget.CreateRevision, "a", "b", "c");
        await SortsAsync(SortTarget.ModRevision, "b", "a", "c");
        await SortsAsync(SortTarget.Value, "b", "a", "c");
        Assert.Equal(["b", "a", "c"], await NamesAsync(Home, new() { SortBy = SortTarget.Value }));
    }

    [ContractFact]
    public async Task Filters_are_inclusive_and_the_count_ignores_them()
    {
        Revision a = await PutAsync("a");
        Revision b = await PutAsync("b");
        Revision c = await PutAsync("c");
        Revision again = await PutAsync("a");

        Assert.Equal(["a", "c"], await NamesAsync(Home, new() { MinModRevision = c }));
        Assert.Equal(["b", "c"], await NamesAsync(Home, new() { MaxModRevision = c }));
        Assert.Equal(["b", "c"], await NamesAsync(Home, new() { MinCreateRevision = b }));
        Assert.Equal(["a", "b"], await NamesAsync(Home, new() { MaxCreateRevision = b }));
        Assert.Equal(["a"], await NamesAsync(Home, new() { MaxCreateRevision = a, MinModRevision = again }));
        GetResult result = await Store.GetAsync(Home, new() { MinModRevision = again });
        Assert.Equal(3, result.Count);
        Assert.False(result.More);
    }

    [ContractFact]
    public async Task Keys_alone_keep_all_but_the_value_and_a_count_alone_has_no_keys()
    {
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        KeyValue whole = (await FindAsync("a"))!;
        KeyValue bare = (await Store.GetAsync(Home, new() { KeysOnly = true })).First!;
        Assert.True(bare.Value.IsEmpty);
        Assert.Equal(
            (whole.KeyString, whole.CreateRevision, whole.ModRevision, 2L),
            (bare.KeyString, bare.CreateRevision, bare.ModRevision, bare.Version));

        GetResult count = await Store.GetAsync(Home, new() { CountOnly = true });
        Assert.Empty(count.KeyValues);
        Assert.Equal(1, count.Count);
    }

    [ContractFact]
    public async Task A_serializable_read_of_the_only_member_sees_the_last_write()
    {
        await PutAsync("a", "1");
        GetResult result = await Store.GetAsync(One("a"), new() { Serializable = true });
        Assert.Equal("1", result.First!.ValueString);
    }

    [ContractFact]
    public async Task Compacted_revisions_are_gone_and_the_one_compacted_to_is_not()
    {
        Revision first = await PutAsync("a", "1");
        Revision second = await PutAsync("a", "2");
        Revision third = await PutAsync("a", "3");
        Assert.Equal(third, await Store.CompactAsync(second));

        CompactedException gone = await Assert.ThrowsAsync<CompactedException>(
            async () => await Store.GetAsync(One("a"), new() { Revision = first }));
        Assert.Equal(second, gone.OldestRevision);
        Assert.Equal("2", (await Store.GetAsync(One("a"), new() { Revision = second })).First!.ValueString);
        Assert.Equal("3", (await FindAsync("a"))!.ValueString);
    }

    [ContractFact]
    public async Task What_is_compacted_cannot_be_compacted_again_and_the_future_not_at_all()
    {
        Revision current = await PutAsync("a");
        await Store.CompactAsync(current, new() { WaitForRemoval = true });
        foreach (Revision past in (Revision[])[current, new(current.Value - 1), default, new(-1)])
        {
            CompactedException exception =
                await Assert.ThrowsAsync<CompactedException>(async () => await Store.CompactAsync(past));
            Assert.Equal(current, exception.OldestRevision);
        }

        FutureRevisionException future = await Assert.ThrowsAsync<FutureRevisionException>(
            async () => await Store.CompactAsync(current.Next));
        Assert.Equal(current, future.CurrentRevision);
    }
}
