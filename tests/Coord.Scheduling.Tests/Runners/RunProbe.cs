using System.Collections.Concurrent;
using System.Globalization;
using Coord.Kv.Tests.Coordination;
using Coord.Scheduling.Leash;
using Coord.Scheduling.Runners;

namespace Coord.Scheduling.Tests.Runners;

/// <summary>A process runner in a directory of its own, with a deadline far away, and what its runs say.</summary>
internal sealed class RunProbe : IRunObserver, IDisposable
{
    public RunProbe()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("coord-runs-").FullName;
        Runner = new(Directory);
        Allow(TimeSpan.FromHours(1), TimeSpan.FromHours(1));
    }

    public string Directory { get; }

    public ProcessRunner Runner { get; }

    public ConcurrentQueue<string> Output { get; } = new();

    public bool IsReady { get; private set; }

    public static UnitSpec Spec(params (string Name, string Value)[] options) => new()
    {
        Name = new("test@7.service"),
        Runner = RunnerNames.Process,
        Options = [.. options.Select(option => new UnitOption("Service", option.Name, option.Value))],
    };

    /// <summary>Lets runs go on until so long from now.</summary>
    public void Allow(TimeSpan cancel, TimeSpan kill)
    {
        long now = TimeProvider.System.GetTimestamp();
        Runner.SetDeadline(now + Ticks(cancel), now + Ticks(kill));

        static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * TimeProvider.System.TimestampFrequency);
    }

    public Task<IRunningUnit> StartAsync(UnitSpec spec, CancellationToken cancellationToken = default) =>
        Soon.Done(Runner.StartAsync(
            new(new(spec.Name, 3), spec, new("n1"), new(42), this), cancellationToken));

    public Task<IRunningUnit> ShellAsync(string script) => StartAsync(Spec(("ExecStart", $"/bin/sh -c '{script}'")));

    public async Task<string> LineAsync(Func<string, bool> isWanted)
    {
        await Soon.Is(() => Output.Any(isWanted));
        return Output.First(isWanted);
    }

    /// <summary>Waits for a line that is a process id, and returns it.</summary>
    public async Task<int> PidAsync() =>
        int.Parse(
            (await LineAsync(line => line.StartsWith("pid ", StringComparison.Ordinal)))[4..],
            CultureInfo.InvariantCulture);

    public static Task GoneAsync(int leader) => Soon.Is(() => !ProcessTable.IsGroupRunning(leader));

    public void OnReady(bool isReady, string message = "") => IsReady = isReady;

    public void OnOutput(string line, bool isError) => Output.Enqueue(line);

    public void Dispose()
    {
        Runner.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
