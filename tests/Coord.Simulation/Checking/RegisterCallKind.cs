namespace Coord.Simulation.Checking;

/// <summary>What can be done with a register.</summary>
internal enum RegisterCallKind
{
    Read,
    Write,
    CompareAndSet,
}
