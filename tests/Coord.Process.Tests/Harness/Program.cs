using Coord.Process.Tests.Faults;

namespace Coord.Process.Tests.Harness;

/// <summary>What the tests are when they are run as a program.</summary>
/// <remarks>Either <c>faults</c> and what that takes, or the name of a lock and endpoints.</remarks>
internal static class Program
{
    private static async Task<int> Main(string[] args) => args switch
    {
        ["faults", .. var rest] => FaultTable.Run(rest),
        _ => await LockHolder.RunAsync(args),
    };
}
