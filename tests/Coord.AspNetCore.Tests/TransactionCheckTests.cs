using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>What is refused of a transaction before anybody looks at the store.</summary>
public sealed class TransactionCheckTests
{
    private static readonly string Duplicate = EtcdError.DuplicateKey.Text;

    [Fact]
    public void Two_puts_of_a_key_are_refused_in_either_branch()
    {
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Put("a"), Put("a") } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Failure = { Put("a"), Put("a") } }));
        Assert.Null(Refusal(new TxnRequest { Success = { Put("a") }, Failure = { Put("a") } }));
    }

    [Fact]
    public void A_put_within_a_deleted_range_is_refused_whatever_comes_first()
    {
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Put("b"), Delete("a", "c") } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Delete("a", "c"), Put("b") } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Delete("a", "\0"), Put("z") } }));
        Assert.Null(Refusal(new TxnRequest { Success = { Delete("a", "c"), Put("c") } }));
        Assert.Null(Refusal(new TxnRequest { Success = { Delete("a"), Delete("a"), Delete("x", "\0") } }));
    }

    [Fact]
    public void Inner_transactions_count_but_their_branches_do_not_meet()
    {
        TxnRequest inner = new() { Success = { Put("a") }, Failure = { Put("a"), Delete("x") } };
        Assert.Null(Refusal(new TxnRequest { Success = { Nested(inner) } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Nested(inner), Put("a") } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Put("x"), Nested(inner) } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Delete("a"), Nested(inner) } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Nested(inner), Nested(inner) } }));

        TxnRequest either = new() { Success = { Put("s") }, Failure = { Put("f") } };
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Nested(either), Put("s") } }));
        Assert.Equal(Duplicate, Refusal(new TxnRequest { Success = { Nested(either), Put("f") } }));
    }

    [Fact]
    public void The_longest_list_counts_and_inner_transactions_get_what_it_leaves()
    {
        Assert.Null(Refusal(Puts(128)));
        Assert.Equal(EtcdError.TooManyOperations.Text, Refusal(Puts(129)));

        TxnRequest outer = Puts(100);
        outer.Success[0] = Nested(Puts(28, "inner"));
        Assert.Null(Refusal(outer));
        outer.Success[0] = Nested(Puts(29, "inner"));
        Assert.Equal(EtcdError.TooManyOperations.Text, Refusal(outer));
    }

    [Fact]
    public void An_operation_without_content_is_refused_with_etcds_odd_word() =>
        Assert.Equal(EtcdError.KeyNotFound.Text, Refusal(new TxnRequest { Success = { new RequestOp() } }));

    private static string? Refusal(TxnRequest request) =>
        Record.Exception(() => TransactionCheck.Check(request, 128)) is EtcdException refused
            ? refused.Error.Text
            : null;

    private static TxnRequest Puts(int count, string prefix = "k")
    {
        TxnRequest request = new();
        for (int i = 0; i < count; i++)
            request.Success.Add(Put($"{prefix}{i}"));
        return request;
    }

    private static RequestOp Put(string key) => new() { RequestPut = new PutRequest { Key = Utf8(key) } };

    private static RequestOp Delete(string key, string end = "") =>
        new() { RequestDeleteRange = new DeleteRangeRequest { Key = Utf8(key), RangeEnd = Utf8(end) } };

    private static RequestOp Nested(TxnRequest request) => new() { RequestTxn = request };
}
