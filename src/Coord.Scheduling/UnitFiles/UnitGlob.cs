using System.Buffers;

namespace Coord.Scheduling.UnitFiles;

/// <summary>
/// Patterns of units' names: <c>*</c> stands for any characters, <c>?</c> for one, <c>[a-c]</c> and <c>[^a-c]</c> for
/// one of some, and a backslash takes the next character as it is.
/// </summary>
public static class UnitGlob
{
    private static readonly SearchValues<char> Special = SearchValues.Create(@"*?[\");

    /// <summary>Says whether a name matches a pattern. A pattern that is not well-formed matches nothing.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="name">The name.</param>
    /// <remarks>Takes time in proportion to the product of both lengths at most.</remarks>
    public static bool IsMatch(string pattern, string name)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(name);
        int p = 0;
        int n = 0;
        int star = -1;
        int resume = 0;
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, n);
                continue;
            }

            if (n == name.Length)
                return p == pattern.Length;
            int next = p < pattern.Length ? MatchOne(pattern, p, name[n]) : -1;
            if (next >= 0)
            {
                (p, n) = (next, n + 1);
                continue;
            }

            // Back to the last star, which takes one character more. Earlier stars need no second look.
            if (star < 0)
                return false;
            (p, n) = (star + 1, ++resume);
        }
    }

    /// <summary>Gets the characters that every match starts with.</summary>
    internal static ReadOnlySpan<char> Prefix(ReadOnlySpan<char> pattern) =>
        pattern.IndexOfAny(Special) is >= 0 and int end ? pattern[..end] : pattern;

    /// <summary>Matches one character, and returns where the pattern goes on; -1 if it does not match.</summary>
    private static int MatchOne(string pattern, int p, char c)
    {
        switch (pattern[p])
        {
            case '?':
                return p + 1;
            case '\\':
                return p + 1 < pattern.Length && pattern[p + 1] == c ? p + 2 : -1;
            case '[':
                return MatchClass(pattern, p + 1, c);
            default:
                return pattern[p] == c ? p + 1 : -1;
        }
    }

    private static int MatchClass(string pattern, int p, char c)
    {
        bool isNegated = p < pattern.Length && pattern[p] == '^';
        if (isNegated)
            p++;
        bool isIn = false;
        int first = p;
        while (p < pattern.Length && (pattern[p] != ']' || p == first))
        {
            if (!TryTake(pattern, ref p, out char low))
                return -1;
            char high = low;
            if (p + 1 < pattern.Length && pattern[p] == '-' && pattern[p + 1] != ']')
            {
                p++;
                if (!TryTake(pattern, ref p, out high))
                    return -1;
            }

            isIn |= c >= low && c <= high;
        }

        return p < pattern.Length && isIn != isNegated ? p + 1 : -1;
    }

    private static bool TryTake(string pattern, ref int p, out char c)
    {
        c = '\0';
        if (pattern[p] == '\\' && ++p == pattern.Length)
            return false;
        c = pattern[p++];
        return true;
    }
}
