using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Coord.Benchmarks;

/// <summary>How whole nodes are measured: each iteration is one long run, in this process.</summary>
/// <remarks>
/// What is measured waits for disks and threads of its own, so a process for each benchmark would tell nothing more;
/// and an iteration is many thousand operations already, so there is nothing to calibrate.
/// </remarks>
internal sealed class NodeConfig : ManualConfig
{
    public NodeConfig()
    {
        InProcessEmitToolchain toolchain = new(TimeSpan.FromHours(1), logOutput: true);
        AddJob(new Job()
            .WithStrategy(RunStrategy.Monitoring)
            .WithToolchain(toolchain)
            .WithWarmupCount(3)
            .WithIterationCount(10));
        AddDiagnoser(MemoryDiagnoser.Default);
    }
}
