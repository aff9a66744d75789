namespace Coord.Scheduling;

/// <summary>Hears from a runner what becomes of a slot. Thread-safe; returns at once.</summary>
public interface IRunObserver
{
    /// <summary>Tells that the slot is ready, or no longer is.</summary>
    /// <param name="isReady">Whether it is.</param>
    /// <param name="message">One sentence for people; empty if there is nothing to say.</param>
    void OnReady(bool isReady, string message = "");

    /// <summary>Tells a line of output. The last ones are kept for <c>coordctl journal</c>.</summary>
    /// <param name="line">The line without its end; longer ones are cut at 2,048 characters.</param>
    /// <param name="isError">Whether it came from the error stream.</param>
    void OnOutput(string line, bool isError);
}
