namespace Coord.Raft.Driver;

/// <summary>Pumps one loop: when its signal is set, and when its time has come.</summary>
internal interface ILoopPump
{
    /// <summary>Begins.</summary>
    void Start();

    /// <summary>Lets the loop finish what it has, and waits for it, unless called from the loop itself.</summary>
    void StopAndJoin();
}
