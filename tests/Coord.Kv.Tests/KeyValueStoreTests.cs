using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>The semantics of etcd's put, range, delete and compact, a sentence each.</summary>
public sealed class KeyValueStoreTests
{
    private readonly TestStore _store = new();

    [Fact]
    public void The_empty_store_has_revision_1_and_the_first_put_makes_2()
    {
        Assert.Equal(1, _store.Get(KeyRange.All).Revision.Value);
        Assert.Equal(2, _store.Put("a", "1"));
    }

    [Fact]
    public void A_put_raises_the_version_and_keeps_the_create_revision()
    {
        _store.Put("a", "1");
        _store.Put("a", "2");
        KeyValue key = _store.Get(KeyRange.Single("a")).First!;
        Assert.Equal((2, 3, 2, "2"), (key.CreateRevision.Value, key.ModRevision.Value, key.Version, key.ValueString));
    }

    [Fact]
    public void A_put_of_the_same_value_makes_a_revision_too()
    {
        _store.Put("a", "1");
        Assert.Equal(3, _store.Put("a", "1"));
    }

    [Fact]
    public void A_put_after_a_deletion_starts_anew()
    {
        _store.Put("a", "1");
        _store.Delete(KeyRange.Single("a"));
        _store.Put("a", "2");
        KeyValue key = _store.Get(KeyRange.Single("a")).First!;
        Assert.Equal((4, 4, 1), (key.CreateRevision.Value, key.ModRevision.Value, key.Version));
    }

    [Fact]
    public async Task A_put_returns_the_version_before_if_asked()
    {
        PutOptions options = new() { ReturnPrevious = true };
        Assert.Null((await _store.Store.PutAsync("a"u8.ToArray(), "1"u8.ToArray(), options)).Previous);
        PutResult second = await _store.Store.PutAsync("a"u8.ToArray(), "2"u8.ToArray(), options);
        Assert.Equal(("1", 2), (second.Previous!.ValueString, second.Previous.ModRevision.Value));
        Assert.Null((await _store.Store.PutAsync("a", "3")).Previous);
    }

    [Fact]
    public void Deleting_nothing_makes_no_revision()
    {
        _store.Put("a", "1");
        DeleteResult result = _store.Delete(KeyRange.Prefix("b"));
        Assert.Equal((2, 0), (result.Revision.Value, result.Deleted));
        Assert.Equal(3, _store.Put("a", "2"));
    }

    [Fact]
    public void A_deletion_of_many_keys_is_one_revision()
    {
        _store.Put("a1", "1");
        _store.Put("a2", "2");
        _store.Put("b", "3");
        DeleteResult result = _store.Delete(KeyRange.Prefix("a"));
        Assert.Equal((5, 2), (result.Revision.Value, result.Deleted));
        Assert.Equal(["1", "2"], result.Previous.Select(key => key.ValueString));
        Assert.Equal(["b"], _store.Get(KeyRange.All).KeyValues.Select(key => key.KeyString));
    }

    [Fact]
    public async Task A_deletion_returns_versions_only_if_asked()
    {
        _store.Put("a", "1");
        DeleteResult result = await _store.Store.DeleteAsync("a");
        Assert.Equal((1, 0), (result.Deleted, result.Previous.Count));
    }

    [Fact]
    public void A_limit_cuts_the_keys_and_says_so_but_counts_all()
    {
        for (int i = 0; i < 5; i++)
            _store.Put($"k{i}", "");
        GetResult cut = _store.Get(KeyRange.Prefix("k"), limit: 3);
        Assert.Equal((3, 5, true), (cut.KeyValues.Count, cut.Count, cut.More));
        GetResult whole = _store.Get(KeyRange.Prefix("k"), limit: 5);
        Assert.Equal((5, 5, false), (whole.KeyValues.Count, whole.Count, whole.More));
    }

    [Fact]
    public async Task Keys_only_leaves_the_values_out_and_nothing_else()
    {
        _store.Put("a", "1");
        GetResult result = await _store.Store.GetAsync(KeyRange.All, new() { KeysOnly = true });
        Assert.Equal(("a", "", 2, 1),
            (result.First!.KeyString, result.First.ValueString, result.First.ModRevision.Value, result.First.Version));
    }

    [Fact]
    public async Task Count_only_returns_no_keys_and_does_not_speak_of_more()
    {
        _store.Put("a", "1");
        GetResult result = await _store.Store.GetAsync(KeyRange.All, new() { CountOnly = true });
        Assert.Equal((0, 1, false), (result.KeyValues.Count, result.Count, result.More));
    }

    [Fact]
    public void A_read_at_a_revision_sees_the_past_and_reports_the_present()
    {
        _store.Put("a", "1");
        _store.Put("a", "2");
        _store.Delete(KeyRange.Single("a"));
        GetResult past = _store.Get(KeyRange.Single("a"), revision: 2);
        Assert.Equal(("1", 4), (past.First!.ValueString, past.Revision.Value));
        Assert.Empty(_store.Get(KeyRange.Single("a"), revision: 1).KeyValues);
        Assert.Empty(_store.Get(KeyRange.Single("a")).KeyValues);
    }

    [Fact]
    public void A_read_at_the_compacted_revision_is_allowed_and_below_it_is_not()
    {
        _store.Put("a", "1");
        _store.Put("a", "2");
        _store.Put("a", "3");
        _store.Compact(3);
        Assert.Equal("2", _store.Get(KeyRange.Single("a"), revision: 3).First!.ValueString);
        CompactedException refused = Assert.Throws<CompactedException>(() => _store.Get(KeyRange.Single("a"), 2));
        Assert.Equal((3, Outcome.DidNotHappen), (refused.OldestRevision.Value, refused.Outcome));
    }

    [Fact]
    public void The_future_can_be_neither_read_nor_compacted()
    {
        FutureRevisionException refused =
            Assert.Throws<FutureRevisionException>(() => _store.Get(KeyRange.All, revision: 2));
        Assert.Equal(1, refused.CurrentRevision.Value);
        Assert.Throws<FutureRevisionException>(() => _store.Compact(2));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(2)]
    public void What_is_compacted_cannot_be_compacted_again(long revision)
    {
        _store.Put("a", "1");
        _store.Compact(2);
        Assert.Throws<CompactedException>(() => _store.Compact(revision));
    }

    [Fact]
    public void Compaction_makes_no_revision_and_keeps_what_lives()
    {
        _store.Put("old", "1");
        _store.Put("gone", "2");
        _store.Delete(KeyRange.Single("gone"));
        _store.Put("new", "3");
        _store.Compact(5);
        Assert.Equal(5, _store.Get(KeyRange.All).Revision.Value);
        Assert.Equal(["new", "old"], _store.Get(KeyRange.All).KeyValues.Select(key => key.KeyString));
        Assert.Equal(6, _store.Put("x", ""));
    }

    [Fact]
    public async Task A_serializable_read_works_without_a_quorum_and_others_do_not()
    {
        _store.Put("a", "1");
        _store.Log.NoQuorum = new NotLeaderException(NodeId.None);
        GetResult stale = await _store.Store.GetAsync(KeyRange.All, new() { Serializable = true });
        Assert.Equal("1", stale.First!.ValueString);
        await Assert.ThrowsAsync<NotLeaderException>(async () => await _store.Store.GetAsync(KeyRange.All));
    }

    [Fact]
    public async Task An_empty_key_is_an_argument_exception_everywhere()
    {
        EmbeddedKeyValueStore store = _store.Store;
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.PutAsync("", "1"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.GetAsync(default(KeyRange)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.DeleteAsync(default(KeyRange)));
        Assert.Throws<ArgumentException>(() => store.WatchAsync(default));
        Assert.Throws<ArgumentException>(() => store.WatchAsync(KeyRange.Between("b", "a")));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await store.GetAsync(KeyRange.All, new() { Limit = -1 }));
    }

    [Fact]
    public async Task Text_is_a_shorthand_for_utf8()
    {
        EmbeddedKeyValueStore store = _store.Store;
        await store.PutAsync("größe/a", "ä");
        await store.PutAsync("größe/b", "b");
        Assert.Equal("ä", (await store.GetAsync("größe/a"))!.ValueString);
        Assert.Null(await store.GetAsync("größe/c"));
        Assert.Equal(2, (await store.GetPrefixAsync("größe/")).Count);
        Assert.Equal(2, (await store.DeletePrefixAsync("größe/")).Deleted);
    }

    [Fact]
    public void An_entry_without_a_command_changes_nothing()
    {
        ApplyResult result = _store.Machine.Apply(new(EntryId.Zero, default));
        Assert.Equal((1, 0), (result.Value, result.Payload.Length));
    }
}
