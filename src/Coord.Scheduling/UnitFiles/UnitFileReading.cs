namespace Coord.Scheduling.UnitFiles;

/// <summary>What <see cref="UnitFileReader"/> made of a unit file. Immutable.</summary>
/// <param name="Spec">The unit; null if there are problems.</param>
/// <param name="Problems">What is wrong, each in one sentence for people; empty if nothing is.</param>
/// <param name="Warnings">What is left to the runner, which may not know it either.</param>
public sealed record UnitFileReading(
    UnitSpec? Spec, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);
