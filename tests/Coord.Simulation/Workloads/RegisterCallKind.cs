namespace Coord.Simulation.Workloads;

internal enum RegisterCallKind
{
    Read,
    Write,
    Swap,
}
