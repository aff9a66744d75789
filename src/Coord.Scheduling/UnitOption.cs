namespace Coord.Scheduling;

/// <summary>One line of a unit file, which runners other than in-process ones read. Immutable.</summary>
/// <param name="Section">The section, such as <c>Service</c>.</param>
/// <param name="Name">The option, such as <c>ExecStart</c>.</param>
/// <param name="Value">The value as written, with continued lines joined.</param>
public sealed record UnitOption(string Section, string Name, string Value);
