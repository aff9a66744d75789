using System.Diagnostics;
using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>What many runs come to.</summary>
internal sealed class RunnerTotals
{
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly FaultCounts _faults = new();
    private readonly SortedDictionary<string, int> _workloads = new(StringComparer.Ordinal);
    private TimeSpan _lastReport;
    private int _runs;
    private long _simulated;
    private long _events;
    private long _elections;
    private long _commands;
    private long _snapshots;
    private long _repairs;
    private long _replacements;
    private ulong _hash;

    public int Failures { get; set; }

    public MarkCounts Marks { get; } = new();

    public int Runs => _runs;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begun);

    public void Add(RunResult result)
    {
        _runs++;
        _faults.Add(result.Faults);
        Marks.Add(result.Marks);
        _workloads[result.Workload] = _workloads.GetValueOrDefault(result.Workload) + 1;
        _simulated += result.SimulatedTime;
        _events += result.Events;
        _elections += result.Elections;
        _commands += result.Commands;
        _snapshots += result.Snapshots;
        _repairs += result.Repairs;
        _replacements += result.Replacements;
        _hash = (_hash * 31) + result.Hash;
        if (result.Failure is not null)
            Failures++;
    }

    /// <summary>Says every few seconds how far it is.</summary>
    public void ReportProgress()
    {
        if (Elapsed - _lastReport < TimeSpan.FromSeconds(5))
            return;
        _lastReport = Elapsed;
        Console.WriteLine(
            $"{_runs,7} seeds, {Failures} failed, {_simulated / Span.Second:n0} simulated seconds, "
            + $"{Speed():n0} a second");
    }

    public void Report()
    {
        double seconds = Elapsed.TotalSeconds;
        Console.WriteLine(
            $"{_runs} seeds ({_runs / seconds * 60:n0} a minute), {Failures} failed; {_simulated / Span.Second:n0} "
            + $"simulated seconds, {Speed():n0} for each second of the processor, {_events / seconds:n0} events "
            + "a second");
        Console.WriteLine(
            $"{_commands:n0} commands, {_elections:n0} elections, {_snapshots:n0} snapshots restored, "
            + $"{_repairs:n0} damaged logs made good, {_replacements:n0} not; workloads: "
            + string.Join(", ", _workloads.Select(workload => $"{workload.Key} {workload.Value}")));
        Console.WriteLine($"{_faults.Total:n0} faults: {_faults}");
        Console.WriteLine($"marks: {Marks}");
        Console.WriteLine($"hash {_hash:x16}");
    }

    private double Speed() =>
        _simulated / 1e9 / Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
}
