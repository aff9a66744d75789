namespace Coord.Simulation.Kernel;

/// <summary>Something that must never happen has happened: what a run is looking for.</summary>
/// <param name="kind">Which rule was broken, in a word or two; equal for all failures of one kind.</param>
/// <param name="message">What exactly.</param>
/// <param name="cause">The exception behind it, if there is one.</param>
internal sealed class SimulationFailedException(string kind, string message, Exception? cause = null)
    : Exception(message, cause)
{
    public string Kind => kind;
}
