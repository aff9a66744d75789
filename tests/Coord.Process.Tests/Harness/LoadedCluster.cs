using Xunit.Abstractions;

namespace Coord.Process.Tests.Harness;

/// <summary>A cluster of three under load, to which something is done, and which must not lose a thing by it.</summary>
internal sealed class LoadedCluster : IDisposable
{
    private const int WriterCount = 4;
    private readonly History _history = new();
    private readonly List<Writer> _writers = [];

    public LoadedCluster(ITestOutputHelper output, params string[] flags) =>
        Cluster = new TestCluster(output, flags: flags);

    public TestCluster Cluster { get; }

    public int Acknowledged => _history.CountOf(WriteOutcome.Acknowledged);

    /// <summary>Starts the members and the load, and waits until writes are acknowledged.</summary>
    /// <returns>The leader.</returns>
    public async Task<ClusterMember> StartAsync(HostCommand? command = null)
    {
        ClusterMember leader = await Cluster.StartAsync(command);
        await Cluster.ConvergedAsync();
        for (int i = 0; i < WriterCount; i++)
            _writers.Add(new Writer($"w{i}", Cluster, _history, i));
        await GoesOnAsync("at first");
        return leader;
    }

    public ClusterMember OtherThan(ClusterMember member) => Cluster.Members.First(other => other != member);

    /// <summary>Waits until so many writes are acknowledged that some of them began after the call.</summary>
    /// <returns>How long that took, in milliseconds.</returns>
    public async Task<string> GoesOnAsync(string when)
    {
        long start = TimeProvider.System.GetTimestamp();
        int before = Acknowledged;
        await Eventually.IsTrueAsync($"writes go on {when}.", () => Acknowledged > before + (2 * WriterCount));
        return $"{TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:0} ms";
    }

    /// <summary>Waits until a member has ended by itself, and returns the one line in which it says why.</summary>
    public static async Task<string> HaltsAsync(ClusterMember member)
    {
        Assert.Equal(3, await member.Process!.ExitAsync());
        return Assert.Single(
            member.Process.Errors.Split('\n'), line => line.StartsWith("coord-host: ", StringComparison.Ordinal));
    }

    /// <summary>Starts a member again, and waits until it has all that the others have.</summary>
    public async Task ReturnsAsync(ClusterMember member)
    {
        await Cluster.StartAndWaitAsync(member);
        await GoesOnAsync($"with {member.Name}");
    }

    /// <summary>Stops the load and compares what clients were told with what each running member has.</summary>
    /// <returns>The result in words.</returns>
    public async Task<string> EndAsync()
    {
        foreach (Writer writer in _writers)
            await writer.StopAsync();
        await Cluster.ConvergedAsync();
        await _history.CompareAsync(Cluster.Running);
        return $"all {Acknowledged} acknowledged writes are on {Cluster.Running.Count()} members";
    }

    public void Dispose()
    {
        // Before the members: a writer that nobody waits for must find somebody to ask until it has stopped.
        foreach (Writer writer in _writers)
            writer.Dispose();
        Cluster.Dispose();
    }
}
