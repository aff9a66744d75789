using Coord.Raft;

namespace Coord.Kv.Tests;

/// <summary>
/// No answer of a write is larger than a message to the member that asked: it is refused before anything is done.
/// </summary>
public sealed class ResultSizeTests
{
    private const int Keys = 16;
    private const int ValueBytes = 1024 * 1024;

    private readonly TestStore _store = new();

    public ResultSizeTests()
    {
        for (int i = 0; i < Keys; i++)
            Put(Key(i));
    }

    [Fact]
    public async Task A_deletion_does_not_return_more_than_an_answer_holds()
    {
        RequestTooLargeException refused = await Assert.ThrowsAsync<RequestTooLargeException>(
            async () => await _store.Store.DeleteAsync(KeyRange.All, new() { ReturnPrevious = true }));
        Assert.Equal((15L << 20, Outcome.DidNotHappen), (refused.MaxBytes, refused.Outcome));
        Assert.Equal((Keys + 1, Keys), (_store.Status.Revision.Value, _store.Status.Keys));

        KeyRange half = KeyRange.Between("k", Key(Keys / 2));
        Assert.Equal(Keys / 2, (await _store.Store.DeleteAsync(half, new() { ReturnPrevious = true })).Previous.Count);
        Assert.Equal(Keys / 2, (await _store.Store.DeleteAsync(KeyRange.All)).Deleted);
    }

    [Fact]
    public async Task A_transaction_does_not_read_or_return_more_than_an_answer_holds()
    {
        Operation put = Operation.Put("x"u8.ToArray(), default);
        await RefusedAsync(put, Operation.Get(KeyRange.All));
        await RefusedAsync(put, Operation.Get(KeyRange.All, new() { Revision = new(Keys + 1) }));
        await RefusedAsync(put, Operation.Delete(KeyRange.Prefix("k"), new() { ReturnPrevious = true }));
        await RefusedAsync(put, Operation.Get(KeyRange.All, new() { Limit = Keys - 1, SortBy = SortTarget.Value }));
        await RefusedAsync([put, .. Many(Operation.Get(KeyRange.Single(Key(1))))]);
        await RefusedAsync(put, Operation.Nested(Transaction.Of([.. Many(Operation.Get(KeyRange.Single(Key(1))))])));
        await RefusedAsync([.. Enumerable.Range(0, Keys).Select(
            i => Operation.Put(Bytes(Key(i)), default, new PutOptions { ReturnPrevious = true }))]);
    }

    [Fact]
    public async Task A_read_counts_what_the_puts_before_it_put()
    {
        Operation put = Operation.Put("x"u8.ToArray(), new byte[ValueBytes]);
        await RefusedAsync([put, .. Many(Operation.Get(KeyRange.Single("x")))]);
        await RefusedAsync([put, .. Many(Operation.Get(KeyRange.Between("x", "y")))]);
        Assert.True(_store.Commit(Transaction.Of([put, .. Many(Operation.Get(KeyRange.Single("y")))])).Succeeded);
    }

    [Fact]
    public void What_is_not_returned_does_not_count()
    {
        TransactionResult result = _store.Commit(Transaction.Of(
            Operation.Get(KeyRange.All, new() { KeysOnly = true }),
            Operation.Get(KeyRange.All, new() { CountOnly = true }),
            Operation.Get(KeyRange.All, new() { Limit = 3 }),
            Operation.Get(KeyRange.All, new() { Limit = 3, SortOrder = SortOrder.Descending }),
            Operation.Get(KeyRange.All, new() { MinModRevision = new(Keys) }),
            Operation.Delete(KeyRange.Prefix("k"))));
        Assert.Equal(
            [Keys, 0, 3, 3, 2], result.Results.Where(r => r.Get is not null).Select(r => r.Get!.KeyValues.Count));
    }

    private static string Key(int i) => $"k{i:00}";

    private static byte[] Bytes(string key) => TestStore.Bytes(key);

    private static IEnumerable<Operation> Many(Operation operation) => Enumerable.Repeat(operation, Keys);

    private void Put(string key) => TestStore.Now(_store.Store.PutAsync(Bytes(key), new byte[ValueBytes]));

    private async Task RefusedAsync(params Operation[] operations)
    {
        await Assert.ThrowsAsync<RequestTooLargeException>(
            async () => await _store.Store.CommitAsync(Transaction.Of(operations)));
        Assert.Equal((Keys + 1, Keys), (_store.Status.Revision.Value, _store.Status.Keys));
    }
}
