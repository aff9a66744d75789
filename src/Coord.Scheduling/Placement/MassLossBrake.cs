namespace Coord.Scheduling.Placement;

/// <summary>
/// Tells many deaths from one hiccup of those who watch: when a large part of all nodes vanishes at once, it is
/// likelier that the coordinator did not hear them.
/// </summary>
/// <param name="MinLostNodes">How many nodes must be gone at least.</param>
/// <param name="ShareNumerator">Of which part of all nodes more must be gone: the numerator.</param>
/// <param name="ShareDenominator">The denominator.</param>
public sealed record MassLossBrake(int MinLostNodes = 3, int ShareNumerator = 1, int ShareDenominator = 3)
{
    /// <summary>Gets the brake that Coord uses: more than a third, and at least three nodes.</summary>
    public static MassLossBrake Default { get; } = new();

    /// <summary>Says whether moves have to wait.</summary>
    /// <param name="known">How many nodes there were at the start of one lease time.</param>
    /// <param name="lost">How many of them vanished within it, without having said that they leave.</param>
    public bool Engages(int known, int lost) =>
        lost >= MinLostNodes && (long)lost * ShareDenominator > (long)known * ShareNumerator;
}
