namespace Coord.Raft.Driver;

/// <summary>What the pump of a loop has to know.</summary>
/// <param name="Node">The member that the loop belongs to.</param>
/// <param name="Name">What the loop is called, for debuggers.</param>
/// <param name="Loop">What to pump.</param>
/// <param name="Signal">What wakes the pump.</param>
/// <param name="NextWake">How long it may sleep when there is nothing to do.</param>
/// <param name="Sharing">Whether the loop may run on other threads, and others on its own.</param>
/// <param name="OnFailure">Told the exception that ended the loop.</param>
internal sealed record LoopPumpOptions(
    NodeId Node, string Name, ILoop Loop, LoopSignal Signal, Func<TimeSpan> NextWake, LoopSharing Sharing,
    Action<Exception> OnFailure);
