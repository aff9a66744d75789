namespace Coord.Simulation.Workloads;

/// <summary>What the clients of a run do, and what must be true of the answers they got.</summary>
/// <remarks>
/// One instance serves one run, and all its actors: it may keep what they note in plain lists, since there is one
/// thread. Use only the actor's store, clock and chance, so that the run can be replayed.
/// </remarks>
internal interface IWorkload
{
    /// <summary>
    /// Does one client's operations until <see cref="Actor.IsOver"/> says that it is enough. What the store throws is
    /// to be expected, and to be caught and noted; whatever else comes out of it fails the run.
    /// </summary>
    Task RunAsync(Actor actor);

    /// <summary>
    /// Looks once more, with one actor, after everything has healed and all clients have ended: every call must succeed
    /// now.
    /// </summary>
    Task FinishAsync(Actor actor);

    /// <summary>Says what is wrong with the answers, in sentences; nothing if all is well.</summary>
    IReadOnlyCollection<string> Check();
}
