using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Coord.Benchmarks;

/// <summary>How the store is measured: each iteration does something with a million keys, in this process.</summary>
internal sealed class StoreConfig : ManualConfig
{
    public StoreConfig()
    {
        InProcessEmitToolchain toolchain = new(TimeSpan.FromHours(1), logOutput: true);
        AddJob(new Job()
            .WithStrategy(RunStrategy.Monitoring)
            .WithToolchain(toolchain)
            .WithWarmupCount(1)
            .WithIterationCount(5));
        AddDiagnoser(MemoryDiagnoser.Default);
    }
}
