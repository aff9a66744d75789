namespace Coord.Scheduling.Leash;

/// <summary>A line from the agent to the leash.</summary>
/// <param name="Kind">What is asked for.</param>
/// <param name="Id">Which child; chosen by the agent, never used twice.</param>
/// <param name="Arguments">The program and its arguments.</param>
/// <param name="Environment">The whole environment, as <c>NAME=value</c>.</param>
/// <param name="Directory">The working directory; the leash's own if null.</param>
/// <param name="TermAt">When to ask all children to end, in ticks of the machine's monotonic clock.</param>
/// <param name="KillAt">When to end them by force.</param>
internal sealed record LeashRequest(
    LeashRequestKind Kind,
    long Id = 0,
    string[]? Arguments = null,
    string[]? Environment = null,
    string? Directory = null,
    long TermAt = 0,
    long KillAt = 0);
