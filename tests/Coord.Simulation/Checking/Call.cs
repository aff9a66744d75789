namespace Coord.Simulation.Checking;

/// <summary>What one client asked and was told: an interval of time, an input, and an output if one came.</summary>
/// <typeparam name="TInput">What is asked.</typeparam>
/// <typeparam name="TOutput">What is told.</typeparam>
/// <param name="Client">Who asked; printed only.</param>
/// <param name="Begin">
/// When it was asked, by any clock or counter that is true for all clients. Two events at one number count as
/// concurrent, so a counter finds more than a coarse clock.
/// </param>
/// <param name="End">When it was told; <see cref="Never"/> if the outcome is unknown.</param>
/// <param name="Input">What was asked.</param>
/// <param name="Output">What was told; used only if the outcome is ok.</param>
/// <param name="Outcome">How it ended.</param>
internal sealed record Call<TInput, TOutput>(
    int Client, long Begin, long End, TInput Input, TOutput? Output, CallOutcome Outcome)
{
    /// <summary>The end of a call whose outcome is unknown: it may take effect at any later time.</summary>
    public const long Never = long.MaxValue;

    public bool IsKnown => Outcome is CallOutcome.Ok;

    public override string ToString() => Outcome is CallOutcome.Ok
        ? $"client {Client} [{Begin}, {End}] {Input} -> {Output}"
        : $"client {Client} [{Begin}, ...) {Input} -> {(Outcome is CallOutcome.Failed ? "failed" : "unknown")}";
}
