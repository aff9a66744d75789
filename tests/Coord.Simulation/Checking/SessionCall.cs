namespace Coord.Simulation.Checking;

/// <summary>A command that a client sent under a session, and how that ended. Immutable.</summary>
/// <param name="Session">Whose session.</param>
/// <param name="Command">The command, unlike any other.</param>
/// <param name="Begin">When it was first sent.</param>
/// <param name="End">When the outcome was told.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Result">What was answered; compared with what applying it gave.</param>
internal sealed record SessionCall(
    int Session, string Command, long Begin, long End, CallOutcome Outcome, string Result = "");
