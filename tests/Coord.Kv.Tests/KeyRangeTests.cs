using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>Ranges mean what etcd's key and range_end mean.</summary>
public sealed class KeyRangeTests
{
    [Property]
    public void A_prefix_contains_exactly_the_keys_that_start_with_it(byte[] prefix, byte[] key)
    {
        if (key.Length == 0)
            return;

        KeyRange range = KeyRange.Prefix(prefix);
        Assert.Equal(key.AsSpan().StartsWith(prefix), range.Contains(key));
        Assert.True(range.Contains([.. prefix, .. key]));
    }

    [Theory]
    [InlineData("61", "62")]
    [InlineData("61ff", "62")]
    [InlineData("61ffff", "62")]
    [InlineData("6162", "6163")]
    [InlineData("ff", "00")]
    [InlineData("ffff", "00")]
    [InlineData("00", "01")]
    public void The_end_of_a_prefix_is_its_last_byte_that_can_be_raised_plus_one(string prefix, string end) =>
        Assert.Equal(end, Convert.ToHexStringLower(KeyRange.Prefix(Convert.FromHexString(prefix)).RangeEnd.Span));

    [Fact]
    public void An_end_of_one_zero_byte_means_all_keys_from_the_first()
    {
        KeyRange range = new(TestStore.Bytes("b"), new byte[] { 0 });
        Assert.True(range.Contains("b"u8));
        Assert.True(range.Contains([0xff, 0xff]));
        Assert.False(range.Contains("a"u8));
        Assert.True(KeyRange.All.Contains([0]));
        Assert.True(KeyRange.All.Contains([0xff]));
    }

    [Fact]
    public void No_end_means_one_key()
    {
        KeyRange range = KeyRange.Single("b");
        Assert.True(range.IsSingleKey);
        Assert.True(range.Contains("b"u8));
        Assert.False(range.Contains("ba"u8));
        Assert.False(range.Contains("b\0"u8));
    }

    [Theory]
    [InlineData("b", "b")]
    [InlineData("b", "a")]
    public void An_end_that_is_not_above_the_start_means_no_key(string start, string end)
    {
        KeyRange range = KeyRange.Between(start, end);
        Assert.True(range.IsEmpty);
        Assert.False(range.Contains("a"u8));
        Assert.False(range.Contains("b"u8));
    }

    [Fact]
    public void Ranges_are_equal_by_their_bytes()
    {
        Assert.Equal(KeyRange.Prefix("a"), KeyRange.Between("a", "b"));
        Assert.NotEqual(KeyRange.Prefix("a"), KeyRange.Single("a"));
        Assert.Equal(KeyRange.Prefix("a").GetHashCode(), KeyRange.Between("a", "b").GetHashCode());
    }

    [Fact]
    public void They_print_for_people()
    {
        Assert.Equal("[a\\x00, ...)", KeyRange.From("a\0").ToString());
        Assert.Equal("[a, b)", KeyRange.Prefix("a").ToString());
        Assert.Equal("a", KeyRange.Single("a").ToString());
    }
}
