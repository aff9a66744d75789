using BenchmarkDotNet.Attributes;
using Coord.Kv;

namespace Coord.Benchmarks;

/// <summary>What a put costs as the store grows; keys of 8 bytes, spread, with values of 256.</summary>
[Config(typeof(StoreConfig))]
public class StoreGrowthBenchmarks
{
    private const int Puts = 200_000;

    private readonly StoreCommands _commands = new(retainedRevisions: 10_000);
    private KeyValueStateMachine _machine = null!;
    private long _next;

    /// <summary>Gets or sets how many keys there are.</summary>
    [Params(100_000, 1_000_000, 4_000_000)]
    public int Keys { get; set; }

    /// <summary>Fills the store, and says what a key takes.</summary>
    [GlobalSetup]
    public void Fill()
    {
        _machine = new();
        for (int i = 0; i < Keys; i++)
            _commands.Put(_machine, StoreCommands.Spread(i));
        Console.WriteLine($"// {_machine.AllocatedBytes / (double)Keys:f1} B a key outside the heap");
    }

    /// <summary>Overwrites keys all over the store.</summary>
    [Benchmark(OperationsPerInvoke = Puts)]
    public void Overwrite()
    {
        for (int i = 0; i < Puts; i++)
        {
            ulong any = (ulong)StoreCommands.Spread(_next++ + 7) % (ulong)Keys;
            _commands.Put(_machine, StoreCommands.Spread((long)any));
        }
    }
}
