namespace Coord.Simulation.Kernel;

/// <summary>Something that happens at a time. It can be scheduled once at a time, moved and taken back.</summary>
internal abstract class SimulatedEvent
{
    /// <summary>Gets the time at which it happens, if it is scheduled.</summary>
    public long Time { get; private set; }

    /// <summary>Gets the number under which it waits; zero if it does not.</summary>
    public long Ticket { get; private set; }

    public bool IsScheduled => Ticket != 0;

    /// <summary>Happens.</summary>
    public abstract void Run();

    /// <summary>Takes it back.</summary>
    public void Cancel() => Ticket = 0;

    internal void OnScheduled(long time, long ticket) => (Time, Ticket) = (time, ticket);
}
