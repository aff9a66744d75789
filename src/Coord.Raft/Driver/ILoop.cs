namespace Coord.Raft.Driver;

/// <summary>Work that one owner does piece by piece, without ever blocking on another loop.</summary>
/// <remarks>
/// A thread of its own pumps it in production; the simulator calls <see cref="Pump"/> from its schedule.
/// </remarks>
internal interface ILoop
{
    /// <summary>Does what there is to do.</summary>
    /// <returns>False if there was nothing.</returns>
    bool Pump();

    /// <summary>
    /// Says whether the next turn is short enough for a thread that has something else to do. Called by who will pump,
    /// inside, after the turn has begun.
    /// </summary>
    bool IsNextTurnShort() => true;
}
