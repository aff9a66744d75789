namespace Coord.Scheduling.Placement;

/// <summary>Patterns over the names of units: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
internal static class Glob
{
    /// <summary>
    /// Says whether a whole text matches. Takes at most the product of both lengths, whatever the pattern is.
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0;
        int t = 0;
        int star = -1; // the last star, and the text that it does not yet stand for
        int mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                // Only the last star needs to give way: what matched before it matches as early as it can.
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }

    /// <summary>Gets the characters that every match starts with.</summary>
    public static ReadOnlySpan<char> Prefix(ReadOnlySpan<char> pattern) =>
        pattern.IndexOfAny('*', '?') is >= 0 and int end ? pattern[..end] : pattern;
}
