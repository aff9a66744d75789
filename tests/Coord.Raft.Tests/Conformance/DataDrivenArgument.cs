namespace Coord.Raft.Tests.Conformance;

/// <summary>An argument of a directive: <c>key</c>, <c>key=value</c> or <c>key=(v1,v2)</c>.</summary>
internal sealed record DataDrivenArgument(string Key, IReadOnlyList<string> Values)
{
    public static DataDrivenArgument Parse(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
            return new DataDrivenArgument(word, []);
        string value = word[(equals + 1)..];
        return new DataDrivenArgument(
            word[..equals],
            value.StartsWith('(')
                ? value[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [value]);
    }

    public IReadOnlyList<ulong> Ids => [.. Values.Select(ulong.Parse)];
}
