using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>The tool as a process of its own, against a real member.</summary>
public sealed class ToolTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_tool_writes_reads_and_asks_members_how_they_are()
    {
        using TestCluster cluster = new(output, size: 1);
        await cluster.StartAsync();
        string endpoint = $"--endpoints={cluster.Members[0].ClientUrl}";
        Assert.Equal("OK\n", await CoordTool.RunAsync(endpoint, "put", "a", "1"));
        Assert.Equal("a\n1\n", await CoordTool.RunAsync(endpoint, "get", "a"));
        Assert.Contains("\"count\":1", await CoordTool.RunAsync(endpoint, "get", "a", "-w", "json"));
        Assert.Contains("is healthy", await CoordTool.RunAsync(endpoint, "endpoint", "health"));
        Assert.Contains(", started, n1, ", await CoordTool.RunAsync(endpoint, "member", "list"));
        Assert.Contains("granted with TTL(100s)", await CoordTool.RunAsync(endpoint, "lease", "grant", "100"));
        Assert.Equal("held\n", await CoordTool.RunAsync(endpoint, "lock", "l", "--", "echo", "held"));
        Assert.Equal("1\n", await CoordTool.RunAsync(endpoint, "del", "a"));
    }
}
