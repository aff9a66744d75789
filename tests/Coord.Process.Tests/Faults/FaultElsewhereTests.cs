namespace Coord.Process.Tests.Faults;

/// <summary>A table that names tests which are no more would claim what nobody shows.</summary>
public sealed class FaultElsewhereTests
{
    [Fact]
    public void What_is_said_to_be_shown_elsewhere_is_there()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Coord.sln")))
            folder = folder.Parent;

        Assert.All(FaultElsewhere.All, fault =>
        {
            string[] words = fault.Test.Split(' ');
            string project = Path.Combine(folder!.FullName, "tests", words[0]);
            Assert.Contains(
                Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories),
                file => File.ReadAllText(file).Contains($" {words[1]}(", StringComparison.Ordinal));
        });
    }
}
