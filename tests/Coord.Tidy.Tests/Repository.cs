using System.Xml.Linq;

namespace Coord.Tidy.Tests;

/// <summary>The files of this repository, as the rules see them: by paths relative to the root.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["artifacts", "bin", "obj", ".git", "BenchmarkDotNet.Artifacts"];

    private static string Root { get; } = FindRoot();

    /// <summary>Lists what lies below a folder and has one of the extensions, without what a build wrote.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions)
    {
        string start = Path.Combine(Root, folder);
        return Directory.Exists(start) ? Walk(start).Select(Relative) : [];

        IEnumerable<string> Walk(string directory) => Directory.EnumerateFiles(directory)
            .Where(file => extensions.Contains(Path.GetExtension(file)))
            .Concat(Directory.EnumerateDirectories(directory)
                .Where(child => !Generated.Contains(Path.GetFileName(child)))
                .SelectMany(Walk));
    }

    public static IEnumerable<SourceFile> Sources(string folder) =>
        Files(folder, ".cs").Select(path => new SourceFile(path, Read(path)));

    public static IEnumerable<string> Projects(string folder) => Files(folder, ".csproj");

    public static XDocument ReadXml(string path) => XDocument.Load(Path.Combine(Root, path));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    public static bool Exists(string path) => File.Exists(Path.Combine(Root, path));

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Coord.sln")))
            folder = Path.GetDirectoryName(folder);

        return folder ?? throw new InvalidOperationException("No folder above the tests holds Coord.sln.");
    }
}
