using System.Globalization;

namespace Coord.Shared;

/// <summary>Reads times as Go writes them, because etcd's flags do: numbers with units, one after the other.</summary>
internal static class GoDuration
{
    /// <summary>More than anybody means, and far from what the arithmetic cannot hold.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromDays(36_500);

    /// <summary>Reads <c>5s</c>, <c>100ms</c>, <c>1m30s</c> or <c>0</c>; nothing that is negative.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text is "0")
            return true;

        double seconds = 0;
        for (ReadOnlySpan<char> rest = text; rest.Length > 0;)
        {
            int digits = LengthOfNumber(rest);
            ReadOnlySpan<char> number = rest[..digits];
            rest = rest[digits..];
            if (UnitOf(rest) is not { } unit || !double.TryParse(
                number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count))
            {
                return false;
            }

            seconds += count * unit.Seconds;
            rest = rest[unit.Name.Length..];
        }

        if (text.IsEmpty || seconds > Most.TotalSeconds)
            return false;

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static int LengthOfNumber(ReadOnlySpan<char> text)
    {
        int length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] == '.'))
            length++;
        return length;
    }

    private static (string Name, double Seconds)? UnitOf(ReadOnlySpan<char> text) => text switch
    {
        ['n', 's', ..] => ("ns", 1e-9),
        ['u', 's', ..] => ("us", 1e-6),
        ['\u00b5' or '\u03bc', 's', ..] => ("\u00b5s", 1e-6),
        ['m', 's', ..] => ("ms", 1e-3),
        ['s', ..] => ("s", 1),
        ['m', ..] => ("m", 60),
        ['h', ..] => ("h", 3600),
        _ => null,
    };
}
