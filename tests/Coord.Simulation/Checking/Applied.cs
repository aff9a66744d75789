namespace Coord.Simulation.Checking;

/// <summary>A state machine applied a command. Immutable.</summary>
/// <param name="Command">The command.</param>
/// <param name="Result">What that gave.</param>
internal sealed record Applied(string Command, string Result = "");
