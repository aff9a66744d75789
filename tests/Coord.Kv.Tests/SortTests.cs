namespace Coord.Kv.Tests;

/// <summary>Ranges are sorted and filtered before the limit cuts them; the count ignores all of it.</summary>
public sealed class SortTests
{
    private readonly TestStore _store = new();

    public SortTests()
    {
        _store.Put("a", "2");
        _store.Put("b", "3");
        _store.Put("c", "1");
        _store.Put("a", "2");
        _store.Put("a", "2");
        _store.Put("b", "3");
    }

    [Theory]
    [InlineData(SortTarget.Key, SortOrder.None, "abc")]
    [InlineData(SortTarget.Key, SortOrder.Descending, "cba")]
    [InlineData(SortTarget.Version, SortOrder.None, "cba")]
    [InlineData(SortTarget.Version, SortOrder.Descending, "abc")]
    [InlineData(SortTarget.CreateRevision, SortOrder.Descending, "cba")]
    [InlineData(SortTarget.ModRevision, SortOrder.Ascending, "cab")]
    [InlineData(SortTarget.Value, SortOrder.Ascending, "cab")]
    [InlineData(SortTarget.Value, SortOrder.Descending, "bac")]
    public void A_range_is_sorted_by_what_is_asked_for(SortTarget target, SortOrder order, string expected)
    {
        GetOptions options = new() { SortBy = target, SortOrder = order };
        Assert.Equal(expected, Read(options));
        Assert.Equal(expected[..2], Read(options with { Limit = 2 }));
        GetResult keysOnly = TestStore.Now(_store.Store.GetAsync(KeyRange.All, options with { KeysOnly = true }));
        Assert.Equal(expected, string.Concat(keysOnly.KeyValues.Select(key => key.KeyString)));
        Assert.All(keysOnly.KeyValues, key => Assert.True(key.Value.IsEmpty));
    }

    [Fact]
    public void Filters_leave_keys_out_and_not_the_count()
    {
        Assert.Equal("b", Read(new() { MinModRevision = new(7) }));
        Assert.Equal("c", Read(new() { MaxModRevision = new(4) }));
        Assert.Equal("bc", Read(new() { MinCreateRevision = new(3) }));
        Assert.Equal("ab", Read(new() { MaxCreateRevision = new(3) }));
        GetResult result = TestStore.Now(
            _store.Store.GetAsync(KeyRange.All, new() { MinCreateRevision = new(3), Limit = 1 }));
        Assert.Equal((1, 3, true), (result.KeyValues.Count, result.Count, result.More));
        result = TestStore.Now(
            _store.Store.GetAsync(KeyRange.All, new() { MinCreateRevision = new(4), Limit = 1 }));
        Assert.Equal((1, 3, false), (result.KeyValues.Count, result.Count, result.More));
    }

    private string Read(GetOptions options)
    {
        GetResult direct = TestStore.Now(_store.Store.GetAsync(KeyRange.All, options));
        GetResult inner = _store.Commit(Transaction.Of(Operation.Get(KeyRange.All, options))).Results[0].Get!;
        Assert.Equal(direct.KeyValues, inner.KeyValues);
        Assert.Equal((3, direct.More), (inner.Count, inner.More));
        Assert.Equal(3, direct.Count);
        return string.Concat(direct.KeyValues.Select(key => key.KeyString));
    }
}
