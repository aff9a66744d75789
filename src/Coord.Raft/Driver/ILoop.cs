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
}
