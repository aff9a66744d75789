using System.Xml.Linq;

namespace Coord.Tidy.Tests;

/// <summary>House rules about projects: who may see whom, and how small a project file stays.</summary>
public sealed class ProjectTidyTests
{
    private static readonly string[] Layers =
        ["Coord.Raft", "Coord.Transport", "Coord.Kv", "Coord.Scheduling", "Coord.Hosting"];

    /// <summary>The arrows of ARCHITECTURE.md. One that is not here is a decision, to be made there first.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Coord.Raft"] = [],
        ["Coord.Transport"] = ["Coord.Raft"],
        ["Coord.Kv"] = ["Coord.Raft"],
        ["Coord.Scheduling"] = ["Coord.Kv"],
        ["Coord.Client"] = ["Coord.Kv"],
        ["Coord.Hosting"] = ["Coord.Raft", "Coord.Transport", "Coord.Kv", "Coord.Scheduling"],
        ["Coord.AspNetCore"] = ["Coord.Hosting", "Coord.Kv", "Coord.Scheduling", "Coord.Client"],
        ["Coord.Cli"] = ["Coord.Client", "Coord.Scheduling"],
        ["Coord.SampleHost"] = ["Coord.Hosting", "Coord.AspNetCore"],
        ["Coord.FirstLog"] = ["Coord.Transport"],
        ["Coord.FirstProgram"] = ["Coord.Hosting"],
        ["Coord.Simulation"] = Layers,
        ["Coord.Benchmarks"] = [.. Layers, "Coord.Client"],
        ["Coord.LoadGenerator"] = [],
        ["Coord.Checking.Tests"] = ["Coord.Kv"],
        ["Coord.Contract.Tests"] = ["Coord.AspNetCore", "Coord.Client"],
        ["Coord.Process.Tests"] = ["Coord.SampleHost", "Coord.Cli", "Coord.Client"],
        ["Coord.Tidy.Tests"] = [],
    };

    [Fact]
    public void Project_references_are_the_arrows_of_the_architecture() => Rule.Holds(
        from path in Repository.Projects(".")
        let project = Path.GetFileNameWithoutExtension(path)
        from target in References(path).Except(Allowed(project))
        select $"{path} refers to {target}; ARCHITECTURE.md has no such arrow.");

    [Fact]
    public void Every_project_has_a_place_in_the_architecture() => Rule.Holds(
        from path in Repository.Projects(".")
        let project = Path.GetFileNameWithoutExtension(path)
        where !Arrows.ContainsKey(project) && !IsTestOfALayer(project)
        select $"{path} is not in the table of arrows.");

    /// <summary>But the simulator's, which are built with planted bugs, and by verbs of their own.</summary>
    [Fact]
    public void Every_project_is_in_the_solution() => Rule.Holds(
        from path in Repository.Projects(".")
        where !path.StartsWith("tests/Coord.Simulation", StringComparison.Ordinal)
        where !Repository.Read("Coord.sln").Replace('\\', '/').Contains($"\"{path}\"", StringComparison.Ordinal)
        select $"{path} is not in Coord.sln, so nothing builds it.");

    [Fact]
    public void Internals_are_open_to_the_own_tests_the_simulator_and_the_benchmarks_only()
    {
        string[] expected =
            ["$(MSBuildProjectName).Tests", "Coord.Simulation", "Coord.Simulation.Tests", "Coord.Benchmarks"];
        const string Home = "src/Directory.Build.props";
        Assert.Equal(expected, Includes(Repository.ReadXml(Home), "InternalsVisibleTo"));

        Rule.Holds(
            from path in Repository.Files(".", ".csproj", ".props", ".targets")
            where path != Home && Includes(Repository.ReadXml(path), "InternalsVisibleTo").Any()
            select $"{path} opens internals; only {Home} does that.");
        Rule.Holds(
            from file in Repository.Sources("src")
            where file.Code.Contains("InternalsVisibleTo", StringComparison.Ordinal)
            select $"{file.Path} opens internals; only {Home} does that.");
    }

    [Fact]
    public void A_project_file_has_at_most_20_lines() => Rule.Holds(
        from path in Repository.Projects(".")
        let lines = Repository.Read(path).TrimEnd().Split('\n').Length
        where lines > 20
        select $"{path} has {lines} lines; what projects share belongs into a Directory.Build.props.");

    [Fact]
    public void Folders_are_at_most_two_levels_deep() => Rule.Holds(
        from project in Repository.Projects(".")
        let home = Path.GetDirectoryName(project)!
        from file in Repository.Files(home, ".cs")
        let depth = file[(home.Length + 1)..].Count(c => c == '/')
        where depth > 2
        select $"{file} lies {depth} folders below its project.");

    private static IEnumerable<string> Allowed(string project) =>
        IsTestOfALayer(project) ? Under(project[..^".Tests".Length]) : Arrows.GetValueOrDefault(project, []);

    /// <summary>Tests see what they test, and all that it stands on, to build it up from real parts.</summary>
    private static IEnumerable<string> Under(string project) =>
        Arrows.GetValueOrDefault(project, []).SelectMany(Under).Append(project);

    private static bool IsTestOfALayer(string project) =>
        project.EndsWith(".Tests", StringComparison.Ordinal)
        && !Arrows.ContainsKey(project)
        && Arrows.ContainsKey(project[..^".Tests".Length]);

    private static IEnumerable<string> References(string path) =>
        Includes(Repository.ReadXml(path), "ProjectReference")
            .Select(include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/')));

    private static IEnumerable<string> Includes(XDocument project, string item) =>
        project.Descendants(item).Select(element => (string?)element.Attribute("Include") ?? "");
}
