namespace Coord.Raft.Tests.Conformance;

/// <summary>Finds the folder of published cases, which lies outside the repository.</summary>
internal static class PublishedCases
{
    /// <summary>Gets the folder, or null if there is none on this machine.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Gets why the tests are skipped, or null if they run.</summary>
    public static string? SkipReason => Folder is not null
        ? null
        : "There is no folder raft-conformance in $COORD_SHARED or in ../shared beside the repository.";

    /// <summary>Reads one file of cases.</summary>
    public static IReadOnlyList<DataDrivenCase> Read(string file) =>
        DataDrivenCase.Parse(File.ReadAllText(Path.Combine(Folder!, file)));

    /// <summary>The known files of a family, and whatever else is there.</summary>
    public static TheoryData<string> Files(string family, params string[] known)
    {
        string? folder = Folder is null ? null : Path.Combine(Folder, family);
        IEnumerable<string> present = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file))
            : [];
        return [.. known.Union(present).Order(StringComparer.Ordinal)];
    }

    private static string? Find()
    {
        string? shared = Environment.GetEnvironmentVariable("COORD_SHARED");
        if (string.IsNullOrEmpty(shared))
        {
            DirectoryInfo? root = new(AppContext.BaseDirectory);
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "Coord.sln")))
                root = root.Parent;
            shared = root?.Parent is { } parent ? Path.Combine(parent.FullName, "shared") : null;
        }

        string? folder = shared is null ? null : Path.Combine(shared, "raft-conformance");
        return Directory.Exists(folder) ? folder : null;
    }
}
