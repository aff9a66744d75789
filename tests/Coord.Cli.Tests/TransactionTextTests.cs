using Coord.Kv;

namespace Coord.Cli.Tests;

/// <summary>Transactions are read as etcdctl reads them.</summary>
public sealed class TransactionTextTests
{
    private static KeyRange Key(string key) => KeyRange.Single(key);

    [Fact]
    public void The_three_parts_are_separated_by_empty_lines()
    {
        List<string> asked = [];
        using StringReader input = new("mod(\"a\") > \"7\"\nvalue(\"b\") = \"x y\"\n\nput a 1\nget b\n\ndel c\n\n");
        Transaction transaction = TransactionText.Read(input, asked.Add);
        Assert.Equal(3, asked.Count);
        Assert.Equal(2, transaction.Conditions.Count);
        Assert.Equal(
            Comparison.OfModRevision(Key("a"), ComparisonOperator.Greater, new(7)), transaction.Conditions[0]);
        Assert.Equal("x y"u8.ToArray(), transaction.Conditions[1].Value.ToArray());
        PutOperation put = Assert.IsType<PutOperation>(transaction.Success[0]);
        Assert.Equal("a"u8.ToArray(), put.Key.ToArray());
        Assert.Equal("1"u8.ToArray(), put.Value.ToArray());
        Assert.Equal(Key("b"), Assert.IsType<GetOperation>(transaction.Success[1]).Range);
        Assert.Equal(Key("c"), Assert.IsType<DeleteOperation>(Assert.Single(transaction.Failure)).Range);
    }

    [Theory]
    [InlineData("ver(\"a\") = \"1\"", ComparisonTarget.Version, ComparisonOperator.Equal, 1)]
    [InlineData("version(\"a\") != \"1\"", ComparisonTarget.Version, ComparisonOperator.NotEqual, 1)]
    [InlineData("c(\"a\") < \"2\"", ComparisonTarget.CreateRevision, ComparisonOperator.Less, 2)]
    [InlineData("create(\"a\") > \"2\"", ComparisonTarget.CreateRevision, ComparisonOperator.Greater, 2)]
    [InlineData("m(\"a\") = \"3\"", ComparisonTarget.ModRevision, ComparisonOperator.Equal, 3)]
    [InlineData("lease(\"a\") = \"1f\"", ComparisonTarget.Lease, ComparisonOperator.Equal, 31)]
    public void Conditions_have_long_and_short_names(
        string line, ComparisonTarget target, ComparisonOperator comparison, long number)
    {
        Comparison condition = TransactionText.ReadCondition(line);
        Assert.Equal(new(Key("a"), target, comparison, number, default), condition);
    }

    [Theory]
    [InlineData("a = 1")]
    [InlineData("mod(\"a\") ~ \"1\"")]
    [InlineData("mod(\"a\") > \"x\"")]
    [InlineData("size(\"a\") > \"1\"")]
    [InlineData("mod(\"a\" > \"1\"")]
    public void A_condition_that_cannot_be_read_is_refused(string line) =>
        Assert.Throws<UsageException>(() => TransactionText.ReadCondition(line));

    [Theory]
    [InlineData("jump a")]
    [InlineData("put")]
    [InlineData("get a b c")]
    [InlineData("put \"a")]
    [InlineData("get a --bogus")]
    public void A_request_that_cannot_be_read_is_refused(string line) =>
        Assert.Throws<UsageException>(() => TransactionText.ReadOperation(line));

    [Fact]
    public void Requests_take_flags()
    {
        GetOperation get = Assert.IsType<GetOperation>(
            TransactionText.ReadOperation("get a --prefix --limit=3 --order=DESCEND --sort-by=MODIFY --rev=9"));
        Assert.Equal(KeyRange.Prefix("a"), get.Range);
        Assert.Equal(
            new GetOptions
            {
                Limit = 3,
                Revision = new(9),
                SortOrder = SortOrder.Descending,
                SortBy = SortTarget.ModRevision,
            },
            get.Options);
        PutOperation put = Assert.IsType<PutOperation>(
            TransactionText.ReadOperation("put a 'x y' --lease=1f --prev-kv"));
        Assert.Equal("x y"u8.ToArray(), put.Value.ToArray());
        Assert.Equal(new PutOptions { Lease = new(31), ReturnPrevious = true }, put.Options);
    }
}
