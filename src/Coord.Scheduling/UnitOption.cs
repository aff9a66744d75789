namespace Coord.Scheduling;

/// <summary>One option of a unit file, which runners other than in-process ones read. Immutable.</summary>
/// <param name="Section">The section, such as <c>Service</c>.</param>
/// <param name="Name">The option, such as <c>ExecStart</c>.</param>
/// <param name="Value">
/// The value as written, without space around it. Where a line was continued it has a backslash and a line feed, as
/// fleet keeps it: <see cref="UnitFiles.UnitFile.Values"/> joins them.
/// </param>
public sealed record UnitOption(string Section, string Name, string Value);
