using System.Text.RegularExpressions;

namespace Coord.Tidy.Tests;

/// <summary>House rules about what is written for users: it exists, and its code is code that runs.</summary>
/// <remarks>
/// A code block is tied to a sample by a comment on the line before it:
/// <c>&lt;!-- region: samples/Coord.SampleHost/Program.cs#start --&gt;</c>.
/// </remarks>
public sealed partial class DocumentTidyTests
{
    [Fact]
    public void Every_package_has_a_readme() => Rule.Holds(
        from project in Repository.Projects("src")
        let readme = $"{Path.GetDirectoryName(project)}/README.md"
        where !Repository.Exists(readme) || Repository.Read(readme).Trim().Length == 0
        select $"{readme} is missing or empty.");

    [Fact]
    public void Marked_code_blocks_are_regions_of_samples() => Rule.Holds(
        from document in Repository.Files(".", ".md")
        let text = Repository.Read(document)
        from marker in Marker().Matches(text)
        let problem = Compare(marker, text)
        where problem is not null
        select $"{document}: {marker.Value} {problem}");

    private static string? Compare(Match marker, string text)
    {
        string sample = marker.Groups["path"].Value;
        if (!Repository.Exists(sample))
            return "names a file that does not exist.";

        Match block = Block().Match(text, marker.Index + marker.Length);
        if (!block.Success)
            return "has no code block right below it.";

        string? region = Region(Repository.Read(sample), marker.Groups["name"].Value);
        if (region is null)
            return "names a region that does not exist.";

        return region == Dedent(block.Groups["code"].Value) ? null : $"differs from the sample, which has:\n{region}";
    }

    private static string? Region(string sample, string name)
    {
        Match match = Regex.Match(
            sample, $@"^[ \t]*#region {Regex.Escape(name)}[ \t]*\n(?<code>.*?)^[ \t]*#endregion",
            RegexOptions.Multiline | RegexOptions.Singleline);
        return match.Success ? Dedent(match.Groups["code"].Value) : null;
    }

    private static string Dedent(string code)
    {
        string[] lines = code.Trim('\n').Split('\n');
        int indent = lines.Where(line => line.Trim().Length > 0)
            .Select(line => line.Length - line.TrimStart().Length)
            .DefaultIfEmpty(0)
            .Min();
        return string.Join('\n', lines.Select(line => line.Length > indent ? line[indent..].TrimEnd() : ""));
    }

    [GeneratedRegex(@"<!--\s*region:\s*(?<path>[^\s#]+)#(?<name>[\w-]+)\s*-->")]
    private static partial Regex Marker();

    [GeneratedRegex(@"\G\s*\n```\w*\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
