namespace Coord.Transport.Framing;

/// <summary>Why a connection is closed, for the other side's log.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Text">A sentence.</param>
internal readonly record struct Refusal(RefusalReason Reason, string Text);
