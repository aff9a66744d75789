using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Tests.UnitFiles;

/// <summary>How systemd writes words, times and sizes.</summary>
public sealed class UnitValueTests
{
    [Theory]
    [InlineData("/bin/sh -c \"echo 'a b' \\\"c\\\"\"", "/bin/sh|-c|echo 'a b' \"c\"")]
    [InlineData("  a\t b  ", "a|b")]
    [InlineData("a\"b c\"d ''", "ab cd|")]
    [InlineData("a\\ b\\n", "a b\n")]
    [InlineData("", "")]
    public void Words_are_split_outside_of_quotes(string text, string words)
    {
        Assert.True(UnitValue.TrySplitWords(text, out IReadOnlyList<string> found));
        Assert.Equal(words, string.Join('|', found));
    }

    [Theory]
    [InlineData("a \"b")]
    [InlineData("'")]
    public void A_quote_must_be_closed(string text) => Assert.False(UnitValue.TrySplitWords(text, out _));

    [Theory]
    [InlineData("90", 90_000)]
    [InlineData("1min 30s", 90_000)]
    [InlineData("1min30s", 90_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("2 weeks 1d", 15L * 86_400_000)]
    [InlineData("infinity", -1)]
    public void Times_have_units(string text, long milliseconds)
    {
        Assert.True(UnitValue.TryParseTime(text, out TimeSpan time));
        Assert.Equal(milliseconds, (long)time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1x")]
    [InlineData("s")]
    [InlineData("1..2")]
    [InlineData("999999999999999999w")]
    public void What_is_no_time_is_refused(string text) => Assert.False(UnitValue.TryParseTime(text, out _));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("2K", 2048)]
    [InlineData("8T", 8L << 40)]
    [InlineData("infinity", long.MaxValue)]
    public void Sizes_have_units(string text, long bytes)
    {
        Assert.True(UnitValue.TryParseBytes(text, out long found));
        Assert.Equal(bytes, found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1")]
    [InlineData("1k")]
    [InlineData("9999999999T")]
    public void What_is_no_size_is_refused(string text) => Assert.False(UnitValue.TryParseBytes(text, out _));
}
