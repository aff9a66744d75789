namespace Coord.Scheduling;

/// <summary>Starts what a unit is, on this node. One for each kind of thing: code, a process, a container.</summary>
/// <remarks>Thread-safe: many slots start and stop at a time, each in a flow of its own.</remarks>
public interface IUnitRunner
{
    /// <summary>Gets the name by which <see cref="UnitSpec.Runner"/> asks for it.</summary>
    string Name { get; }

    /// <summary>Says whether a unit could be started here at all.</summary>
    /// <param name="spec">The unit.</param>
    /// <param name="reason">Why not, in one sentence for people, if it could not.</param>
    bool CanRun(UnitSpec spec, out string reason);

    /// <summary>Starts a slot. Returns when it is started, which need not mean that it is ready.</summary>
    /// <param name="context">What to start, with which token, and whom to tell.</param>
    /// <param name="cancellationToken">
    /// Gives up. Nothing may be left running when the task has ended by an exception or a cancellation.
    /// </param>
    /// <exception cref="UnitStartException">It cannot be started; the message says why.</exception>
    Task<IRunningUnit> StartAsync(RunContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what an earlier life of this node may have left running. Called before the node is registered: it waits.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Tells until when runs may go on without further notice. For runners whose runs outlive a frozen agent: they end
    /// them by themselves. Called often; returns at once.
    /// </summary>
    /// <param name="cancelAt">When runs are asked to end: a timestamp of <see cref="TimeProvider"/>.</param>
    /// <param name="killAt">When runs are ended by force.</param>
    void SetDeadline(long cancelAt, long killAt)
    {
    }
}
