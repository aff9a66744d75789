namespace Coord.Raft;

/// <summary>What the log is for: applies committed commands in order, the same on every member.</summary>
/// <remarks>
/// Called by one thread at a time. Must be deterministic: no clock, no randomness, no order that depends on hashing.
/// An exception from <see cref="Apply"/> stops the node: a command that cannot be applied would diverge the members.
/// A command that is merely refused is a result, not an exception.
/// </remarks>
public interface IStateMachine
{
    /// <summary>Applies one committed command.</summary>
    /// <param name="command">The command; its payload is valid during the call.</param>
    /// <returns>The result for the caller that proposed it; its payload is valid until the next call.</returns>
    ApplyResult Apply(in AppliedCommand command);

    /// <summary>
    /// Says whether a command is sure to be applied, and told to have been applied, within some ten microseconds and
    /// without waiting for anything. The node may then do it on a thread that also keeps it in office, which spares a
    /// single write the waking of another; see the remarks on the type, which hold nevertheless.
    /// </summary>
    /// <param name="command">The command; its payload is valid during the call.</param>
    /// <returns>False if in doubt. It is called beside <see cref="Apply"/>, by other threads.</returns>
    bool IsQuick(in AppliedCommand command) => false;

    /// <summary>
    /// Is told that a batch has been applied: the moment to publish what <see cref="Apply"/> changed.
    /// </summary>
    /// <param name="applied">The last applied index.</param>
    void OnBatchApplied(LogIndex applied);

    /// <summary>
    /// Captures the present state in constant time; it is written by another thread while commands go on.
    /// </summary>
    /// <returns>A capture that the caller disposes after writing.</returns>
    IStateCapture Capture();

    /// <summary>Replaces the state by that of a snapshot.</summary>
    /// <param name="snapshot">What <see cref="IStateCapture.WriteTo"/> wrote, from its start to its end.</param>
    /// <param name="lastIncluded">The last entry that the snapshot includes.</param>
    /// <exception cref="InvalidDataException">The bytes are not a snapshot of this state machine.</exception>
    void Restore(Stream snapshot, EntryId lastIncluded);
}
