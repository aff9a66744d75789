using System.Buffers;
using System.Globalization;
using System.Text;

namespace Coord.Scheduling.UnitFiles;

/// <summary>How values of unit files are written: words, times, sizes, switches. Nothing here throws.</summary>
public static class UnitValue
{
    /// <summary>As many weeks still fit a decimal, so that nothing overflows before it is found too long.</summary>
    private const int MaxDigits = 15;

    private static readonly SearchValues<char> OfNumbers = SearchValues.Create("0123456789.");

    private static readonly Dictionary<string, long> Units = new()
    {
        [""] = TimeSpan.TicksPerSecond,
        ["us"] = TimeSpan.TicksPerMicrosecond,
        ["usec"] = TimeSpan.TicksPerMicrosecond,
        ["ms"] = TimeSpan.TicksPerMillisecond,
        ["msec"] = TimeSpan.TicksPerMillisecond,
        ["s"] = TimeSpan.TicksPerSecond,
        ["sec"] = TimeSpan.TicksPerSecond,
        ["second"] = TimeSpan.TicksPerSecond,
        ["seconds"] = TimeSpan.TicksPerSecond,
        ["m"] = TimeSpan.TicksPerMinute,
        ["min"] = TimeSpan.TicksPerMinute,
        ["minute"] = TimeSpan.TicksPerMinute,
        ["minutes"] = TimeSpan.TicksPerMinute,
        ["h"] = TimeSpan.TicksPerHour,
        ["hr"] = TimeSpan.TicksPerHour,
        ["hour"] = TimeSpan.TicksPerHour,
        ["hours"] = TimeSpan.TicksPerHour,
        ["d"] = TimeSpan.TicksPerDay,
        ["day"] = TimeSpan.TicksPerDay,
        ["days"] = TimeSpan.TicksPerDay,
        ["w"] = 7 * TimeSpan.TicksPerDay,
        ["week"] = 7 * TimeSpan.TicksPerDay,
        ["weeks"] = 7 * TimeSpan.TicksPerDay,
    };

    /// <summary>
    /// Splits a command line as systemd does: words, which quotes keep together and backslashes escape.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="words">The words, if every quote is closed.</param>
    public static bool TrySplitWords(string text, out IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = new List<string>();
        words = found;
        StringBuilder? word = null;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\' && i + 1 < text.Length)
                (word ??= new()).Append(Unescape(text[++i]));
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else if (quote == '\0' && c is '"' or '\'')
                (quote, word) = (c, word ?? new());
            else if (quote == '\0' && char.IsWhiteSpace(c))
                End(ref word, found);
            else
                (word ??= new()).Append(c);
        }

        End(ref word, found);
        return quote == '\0';
    }

    /// <summary>Reads a time such as <c>90</c> (seconds), <c>1min 30s</c>, <c>500ms</c> or <c>infinity</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public static bool TryParseTime(string text, out TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(text);
        time = Timeout.InfiniteTimeSpan;
        if (text == "infinity")
            return true;

        decimal ticks = 0;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        bool any = false;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(OfNumbers);
            digits = digits < 0 ? rest.Length : digits;
            if (digits > MaxDigits || !decimal.TryParse(
                rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            {
                return false;
            }

            rest = rest[digits..].TrimStart();
            int letters = rest.IndexOfAnyExceptInRange('a', 'z');
            letters = letters < 0 ? rest.Length : letters;
            if (!Units.TryGetValue(rest[..letters].ToString(), out long unit))
                return false;
            rest = rest[letters..].TrimStart();
            ticks += number * unit;
            any = true;
            if (ticks > TimeSpan.MaxValue.Ticks)
                return false;
        }

        if (!any)
            return false;
        time = new((long)ticks);
        return true;
    }

    /// <summary>Reads a size such as <c>512M</c>: bytes, or with K, M, G, T in steps of 1,024.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The size; <see cref="long.MaxValue"/> for <c>infinity</c>.</param>
    public static bool TryParseBytes(string text, out long bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = long.MaxValue;
        if (text == "infinity")
            return true;

        int power = text.Length == 0 ? -1 : "KMGT".IndexOf(text[^1], StringComparison.Ordinal);
        ReadOnlySpan<char> digits = power < 0 ? text : text.AsSpan(..^1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            return false;
        int shift = 10 * (power + 1);
        if (number > long.MaxValue >> shift)
            return false;
        bytes = number << shift;
        return true;
    }

    /// <summary>Reads a share such as <c>150%</c>, of one core where it is about processors.</summary>
    /// <param name="text">The text.</param>
    /// <param name="percent">The number before the sign, at least one.</param>
    public static bool TryParsePercent(string text, out int percent)
    {
        ArgumentNullException.ThrowIfNull(text);
        percent = 0;
        return text is [.., '%']
            && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out percent)
            && percent > 0;
    }

    /// <summary>Reads a switch: fleet's and systemd's words for true; everything else is false.</summary>
    /// <param name="text">The text.</param>
    public static bool IsTrue(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.ToLowerInvariant() is "true" or "yes" or "1" or "on" or "t" or "y";
    }

    private static char Unescape(char c) => c switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        's' => ' ',
        _ => c,
    };

    private static void End(ref StringBuilder? word, List<string> words)
    {
        if (word is not null)
            words.Add(word.ToString());
        word = null;
    }
}
