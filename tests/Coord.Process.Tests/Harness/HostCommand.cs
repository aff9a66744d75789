namespace Coord.Process.Tests.Harness;

/// <summary>How a host is started: what comes before the program, which build of it, in which environment.</summary>
internal sealed record HostCommand
{
    /// <summary>Words before the program, such as those of a tracer; its process must become the program's.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    public string Assembly { get; init; } = HostProcess.Assembly;

    /// <summary>Variables besides the inherited ones.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];
}
