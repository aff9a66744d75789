namespace Coord.Scheduling;

/// <summary>How much of something countable: what a unit asks for, or a node has.</summary>
/// <param name="Name">
/// Of what. <see cref="Cpu"/> and <see cref="Memory"/> have a meaning to runners that can enforce them; any other name
/// is only counted.
/// </param>
/// <param name="Amount">How much, in the resource's own unit; not negative.</param>
public readonly record struct ResourceAmount(string Name, long Amount)
{
    /// <summary>Processor time, in thousandths of a core.</summary>
    public const string Cpu = "cpu";

    /// <summary>Memory, in bytes.</summary>
    public const string Memory = "memory";
}
