using System.Globalization;
using System.Text.RegularExpressions;

namespace Coord.Tidy.Tests;

/// <summary>House rules about C# files that no analyzer knows. A rule is checked, or it is only taste.</summary>
public sealed class CodeTidyTests
{
    [Theory]
    [InlineData(@"\b(Value)?Task\b", "the core is synchronous")]
    [InlineData(@"\basync\b", "the core is synchronous")]
    [InlineData(@"\bawait\b", "the core is synchronous")]
    [InlineData(@"\block\s*\(", "the core has one caller")]
    [InlineData(@"\bTimeProvider\b", "the core counts ticks")]
    [InlineData(@"\bDateTime(Offset)?\b", "the core counts ticks")]
    [InlineData(@"\bStopwatch\b", "the core counts ticks")]
    [InlineData(@"\bILogger\b", "the core reports events in Ready")]
    [InlineData(@"\bRandom\.", "the core's chance comes from its seed")]
    public void The_core_is_pure(string banned, string because) =>
        Never("src/Coord.Raft/Core", file => file.Code, banned, because);

    [Fact]
    public void No_line_is_longer_than_120_columns() => Rule.Holds(
        from path in Repository.Files(".", ".cs", ".csproj", ".props", ".sh")
        from line in Repository.Read(path).Split('\n').Index()
        where line.Item.Length > 120
        select $"{path}:{line.Index + 1} has {line.Item.Length} columns.");

    [Fact]
    public void No_file_is_longer_than_600_lines() => Rule.Holds(
        from file in Repository.Sources(".")
        let lines = file.LineOf(file.Text.Length)
        where lines > 600
        select $"{file.Path} has {lines} lines.");

    [Fact]
    public void No_method_is_longer_than_70_lines() => Rule.Holds(
        from file in Repository.Sources(".")
        from member in file.Members()
        where member.Length > 70
        select $"{file.Path}:{member.Line} begins a member of {member.Length} lines.");

    [Fact]
    public void A_file_in_src_has_one_public_type() => Rule.Holds(
        from file in Repository.Sources("src")
        let types = Regex.Matches(
                file.Code,
                @"^public [\w ]*?\b(?:class|struct|interface|record struct|record class|record|enum)\s+(\w+)",
                RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value)
            .Concat(Regex.Matches(file.Code, @"^public delegate [^(]*?(\w+)(<[^(]*>)?\(", RegexOptions.Multiline)
                .Select(match => match.Groups[1].Value))
            .Distinct()
            .ToList()
        where types.Count > 1
        select $"{file.Path} has {string.Join(" and ", types)}.");

    [Fact]
    public void Regions_are_for_samples() =>
        Never(".", OutsideSamples, @"#\s*region\b",
            "a file that needs regions is too long");

    [Fact]
    public void Members_are_not_prefixed_with_this() =>
        Never(".", file => file.Code, @"\bthis\.", "fields are told apart by their underscore");

    [Fact]
    public void A_todo_names_its_issue() =>
        Never(".", file => file.Comments, @"\bTODO\b(?!\s*\(?#\d+)", "without an issue number nobody will do it");

    [Fact]
    public void A_pragma_gives_its_reason() => Rule.Holds(
        from file in Repository.Sources(".")
        from match in Regex.Matches(file.Code, @"#\s*pragma\s+warning\s+disable\b[^\n]*")
        let line = file.Text[match.Index..(match.Index + match.Length)]
        where !Regex.IsMatch(line, @"//\s*\w+")
        select $"{file.Path}:{file.LineOf(match.Index)} switches a warning off and does not say why.");

    /// <summary>A log event's id tells the package: operators filter by it, so it is never used twice.</summary>
    [Fact]
    public void Log_event_ids_are_unique_and_within_the_packages_thousand()
    {
        Dictionary<string, int> thousands = new()
        {
            ["Coord.Raft"] = 1,
            ["Coord.Transport"] = 2,
            ["Coord.Kv"] = 3,
            ["Coord.Scheduling"] = 4,
            ["Coord.Hosting"] = 5,
            ["Coord.AspNetCore"] = 6,
            ["Coord.Client"] = 7,
        };
        var events =
            (from file in Repository.Sources("src")
             from match in Regex.Matches(file.Code, @"\bLoggerMessage\s*\(\s*(EventId\s*=\s*)?(?<id>[\d_]+)?")
             let digits = match.Groups["id"].Value.Replace("_", "", StringComparison.Ordinal)
             select (Package: file.Path.Split('/')[1],
                 Id: int.TryParse(digits, CultureInfo.InvariantCulture, out int id) ? id : 0,
                 Place: $"{file.Path}:{file.LineOf(match.Index)}"))
            .ToList();

        Rule.Holds(events.Where(e => e.Id / 1000 != thousands.GetValueOrDefault(e.Package, -1))
            .Select(e => $"{e.Place}: event {e.Id} is outside the range of {e.Package}. The id comes first."));
        Rule.Holds(events.GroupBy(e => e.Id).Where(group => group.Count() > 1)
            .Select(group => $"Event {group.Key} is used at {string.Join(" and ", group.Select(e => e.Place))}."));
    }

    private static string OutsideSamples(SourceFile file) =>
        file.Path.StartsWith("samples/", StringComparison.Ordinal) ? "" : file.Code;

    private static void Never(string folder, Func<SourceFile, string> view, string banned, string because) =>
        Rule.Holds(
            from file in Repository.Sources(folder)
            from match in Regex.Matches(view(file), banned)
            select $"{file.Path}:{file.LineOf(match.Index)} has '{match.Value}', but {because}.");
}
