using System.Text;
using Coord.AspNetCore.Gateway;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>Where a JSON value ends does not depend on how its bytes arrive, and no bytes break the scanner.</summary>
/// <remarks>What is said of wrong ones is in the transcripts.</remarks>
public sealed class JsonScannerTests
{
    [Theory]
    [InlineData("{}", 2)]
    [InlineData("  {} {}", 4)]
    [InlineData("{\"a\":[1,-2.5e+3,{\"b\":\"\\u00e9\\\"}\"}],\"c\":null}tail", 44)]
    [InlineData("[[],[{}],true,false]", 20)]
    [InlineData("\"a\\\\\"x", 5)]
    [InlineData("12 ", 2)]
    [InlineData("0x", 1)]
    [InlineData("null{}", 4)]
    public void A_value_ends_at_the_same_place_however_it_is_cut(string text, int end)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
                Assert.Equal(end, Scan(bytes, first, second).End);
        }
    }

    [Theory]
    [InlineData("{\"a\" 1}")]
    [InlineData("[1,]")]
    [InlineData("\"\\u12x4\"")]
    [InlineData("-")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":1")]
    public void What_is_wrong_is_told_alike_however_it_is_cut(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        string? whole = Scan(bytes, 0, 0).Error;
        Assert.NotNull(whole);
        for (int first = 0; first <= bytes.Length; first++)
            Assert.Equal(whole, Scan(bytes, first, first).Error);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_bytes_break_the_scanner(int seed)
    {
        Random random = new(seed);
        ReadOnlySpan<byte> alphabet = "{}[]\",:\\untrefals0123456789+-.eE \t\r\n/\x01\xff"u8;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(1, 40)];
            foreach (ref byte next in bytes.AsSpan())
                next = alphabet[random.Next(alphabet.Length)];
            (int end, string? error) = Scan(bytes, random.Next(bytes.Length), bytes.Length);
            Assert.True(error is not null || end <= bytes.Length);
        }
    }

    private static (int End, string? Error) Scan(byte[] bytes, int first, int second)
    {
        JsonScanner scanner = default;
        int end = 0;
        try
        {
            second = Math.Max(first, second);
            Range[] pieces = [new(0, first), new(first, second), new(second, bytes.Length)];
            foreach (Range piece in pieces)
            {
                if (!scanner.Ended)
                    end += scanner.Scan(bytes.AsSpan(piece));
            }

            return scanner.Finish() ? (end, null) : (end, "cut off");
        }
        catch (JsonFormatException exception)
        {
            return (end, exception.Message);
        }
    }
}
