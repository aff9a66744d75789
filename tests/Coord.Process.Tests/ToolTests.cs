using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using OsProcess = System.Diagnostics.Process;

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

    [Fact]
    public async Task A_mirror_has_what_was_there_and_what_comes()
    {
        using TestCluster source = new(output, size: 1);
        using TestCluster target = new(output, size: 1);
        await source.StartAsync();
        await target.StartAsync();
        KvClient from = source.Members[0].Client, to = target.Members[0].Client;
        await from.MustPutAsync("m/before", "1");
        await from.MustPutAsync("other", "1");
        using OsProcess mirror = CoordTool.Start(
            $"--endpoints={source.Members[0].ClientUrl}", "make-mirror", target.Members[0].ClientUrl, "--prefix", "m/",
            "--dest-prefix", "copy/");
        try
        {
            await Eventually.IsTrueAsync("the mirror has what was there.", async () =>
                (await to.GetAsync("copy/before"))?.Value == "1");
            await from.MustPutAsync("m/after", "2");
            string endpoint = $"--endpoints={source.Members[0].ClientUrl}";
            await CoordTool.RunAsync(endpoint, "del", "m/before");
            await Eventually.IsTrueAsync("the mirror has what came.", async () =>
                (await to.GetAsync("copy/after"))?.Value == "2" && await to.GetAsync("copy/before") is null);
            Assert.Null(await to.GetAsync("other"));
        }
        finally
        {
            mirror.Kill();
            await mirror.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Lines_that_are_typed_begin_watches()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        long revision = await node.Client.MustPutAsync("a1", "x");
        using OsProcess watch = CoordTool.Start($"--endpoints={node.ClientUrl}", "watch", "-i");
        try
        {
            await watch.StandardInput.WriteLineAsync($"watch a --prefix --rev {revision}");
            Assert.Equal(["PUT", "a1", "x"], await ReadAsync(3));
            await watch.StandardInput.WriteLineAsync("watch \"b c\" --rev 1 -- echo ran");
            await node.Client.MustPutAsync("b c", "y");
            Assert.Equal(["PUT", "b c", "y", "ran"], await ReadAsync(4));
        }
        finally
        {
            watch.Kill();
            await watch.WaitForExitAsync();
        }

        async Task<List<string?>> ReadAsync(int count)
        {
            List<string?> lines = [];
            for (int i = 0; i < count; i++)
                lines.Add(await watch.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience));
            return lines;
        }
    }
}
