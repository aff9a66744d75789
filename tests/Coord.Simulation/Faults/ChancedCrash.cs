using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Faults;

/// <summary>What of the things that were not synced is on the disk after a power cut: chance decides.</summary>
/// <remarks>With odds that differ from crash to crash; often none, and often all.</remarks>
internal sealed class ChancedCrash(Chance chance) : ICrashPolicy
{
    private readonly long _sectors = DrawOdds(chance);
    private readonly long _names = DrawOdds(chance);

    public bool KeepsSector(string path, int write, long sector) => chance.PerMillion(_sectors);

    public bool KeepsName(string path) => chance.PerMillion(_names);

    private static long DrawOdds(Chance chance) => chance.Next(4) switch
    {
        0 => 0,
        1 => 1_000_000,
        _ => chance.Between(0, 1_000_000),
    };
}
