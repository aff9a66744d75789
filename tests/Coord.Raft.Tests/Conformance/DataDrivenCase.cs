using System.Text.RegularExpressions;

namespace Coord.Raft.Tests.Conformance;

/// <summary>One directive of a data-driven file: a command, its input, and the output it must produce.</summary>
internal sealed partial record DataDrivenCase(
    int Line, string Command, IReadOnlyList<DataDrivenArgument> Arguments, string Input, string Expected)
{
    public static IReadOnlyList<DataDrivenCase> Parse(string text)
    {
        List<DataDrivenCase> cases = [];
        string[] lines = text.Split('\n');
        int i = 0;
        while (i < lines.Length)
        {
            if (lines[i].Length == 0 || lines[i][0] == '#')
            {
                i++;
                continue;
            }

            int start = i;
            string directive = lines[i++];
            List<string> input = [];
            while (lines[i] != "----")
                input.Add(lines[i++]);
            i++;
            List<string> expected = [];
            while (i < lines.Length && lines[i].Length > 0)
                expected.Add(lines[i++]);
            string[] words = [.. Word().Matches(directive).Select(match => match.Value)];
            cases.Add(new DataDrivenCase(
                start + 1,
                words[0],
                [.. words.Skip(1).Select(DataDrivenArgument.Parse)],
                string.Join('\n', input),
                string.Join('\n', expected)));
        }

        return cases;
    }

    public DataDrivenArgument? Find(string key) => Arguments.FirstOrDefault(argument => argument.Key == key);

    public bool Flag(string key) => Find(key)?.Values is ["true"];

    /// <summary>The arguments without values that are numbers: node ids, mostly.</summary>
    public IReadOnlyList<ulong> Ids() =>
        [.. Arguments.Where(a => a.Values.Count == 0 && ulong.TryParse(a.Key, out _)).Select(a => ulong.Parse(a.Key))];

    [GeneratedRegex(@"(?:[^\s(]+(?:\([^)]*\))?)+")]
    private static partial Regex Word();
}
