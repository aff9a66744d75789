namespace Coord.Scheduling.Tests.UnitFiles;

/// <summary>The rule of patterns, stated by recursion: exponential, and plainly right.</summary>
internal static class SlowGlob
{
    public static bool IsMatch(string pattern, string name)
    {
        if (pattern.Length == 0)
            return name.Length == 0;
        if (pattern[0] == '*')
            return Enumerable.Range(0, name.Length + 1).Any(i => IsMatch(pattern[1..], name[i..]));
        if (name.Length == 0)
            return false;

        return pattern[0] switch
        {
            '?' => IsMatch(pattern[1..], name[1..]),
            '\\' => pattern.Length > 1 && pattern[1] == name[0] && IsMatch(pattern[2..], name[1..]),
            '[' => Class(pattern[1..], name[0], out string rest) && IsMatch(rest, name[1..]),
            char c => c == name[0] && IsMatch(pattern[1..], name[1..]),
        };
    }

    private static bool Class(string pattern, char c, out string rest)
    {
        rest = "";
        bool isNegated = pattern.StartsWith('^');
        if (isNegated)
            pattern = pattern[1..];
        bool isIn = false;
        for (bool isFirst = true; pattern.Length > 0; isFirst = false)
        {
            if (pattern[0] == ']' && !isFirst)
            {
                rest = pattern[1..];
                return isIn != isNegated;
            }

            if (Take(ref pattern) is not { } low)
                return false;
            char high = low;
            if (pattern.Length > 1 && pattern[0] == '-' && pattern[1] != ']')
            {
                pattern = pattern[1..];
                if (Take(ref pattern) is not { } end)
                    return false;
                high = end;
            }

            isIn |= low <= c && c <= high;
        }

        return false;
    }

    private static char? Take(ref string pattern)
    {
        if (pattern[0] == '\\')
            pattern = pattern[1..];
        if (pattern.Length == 0)
            return null;
        char c = pattern[0];
        pattern = pattern[1..];
        return c;
    }
}
