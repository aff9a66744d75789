namespace Coord.Tidy.Tests;

/// <summary>Reports every violation at once, so that one run tells all there is to mend.</summary>
internal static class Rule
{
    public static void Holds(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join(Environment.NewLine, found));
    }
}
