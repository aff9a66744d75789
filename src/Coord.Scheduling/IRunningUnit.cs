namespace Coord.Scheduling;

/// <summary>A slot that was started. Owned by the agent, which disposes it after its end.</summary>
public interface IRunningUnit : IAsyncDisposable
{
    /// <summary>
    /// Gets a task that ends, and never fails, when nothing of the slot runs any more: no thread, process or container.
    /// </summary>
    Task<RunEnd> Completion { get; }

    /// <summary>Asks it to end by itself. Returns at once; <see cref="Completion"/> tells when it did.</summary>
    void RequestStop();

    /// <summary>
    /// Ends it by force. Returns at once. In-process code cannot be killed: there it does nothing, and the agent
    /// decides.
    /// </summary>
    void Kill();
}
