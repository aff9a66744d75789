namespace Coord.Simulation.Kernel;

/// <summary>Events in the order of their times; those of one time in the order in which they were scheduled.</summary>
/// <remarks>A heap of four children. What was moved or taken back stays in it until its old turn comes.</remarks>
internal sealed class EventQueue
{
    private const int Children = 4;

    private Slot[] _slots = new Slot[256];
    private int _count;
    private long _tickets;

    /// <summary>Adds an event, or moves it.</summary>
    public void Schedule(SimulatedEvent happening, long time)
    {
        happening.OnScheduled(time, ++_tickets);
        if (_count == _slots.Length)
            Array.Resize(ref _slots, 2 * _count);

        int at = _count++;
        Slot slot = new(time, _tickets, happening);
        while (at > 0)
        {
            int parent = (at - 1) / Children;
            if (!slot.IsBefore(_slots[parent]))
                break;
            _slots[at] = _slots[parent];
            at = parent;
        }

        _slots[at] = slot;
    }

    /// <summary>Takes the next event.</summary>
    public bool TryTake(out SimulatedEvent happening)
    {
        while (_count > 0)
        {
            Slot first = _slots[0];
            Slot last = _slots[--_count];
            _slots[_count] = default;
            if (_count > 0)
                Sink(last);
            if (first.Event.Ticket != first.Ticket)
                continue;

            happening = first.Event;
            happening.Cancel();
            return true;
        }

        happening = null!;
        return false;
    }

    private void Sink(in Slot slot)
    {
        int at = 0;
        while (true)
        {
            int child = (at * Children) + 1;
            if (child >= _count)
                break;

            int least = child;
            for (int other = child + 1; other < Math.Min(child + Children, _count); other++)
            {
                if (_slots[other].IsBefore(_slots[least]))
                    least = other;
            }

            if (!_slots[least].IsBefore(slot))
                break;
            _slots[at] = _slots[least];
            at = least;
        }

        _slots[at] = slot;
    }

    private readonly record struct Slot(long Time, long Ticket, SimulatedEvent Event)
    {
        public bool IsBefore(in Slot other) => Time < other.Time || (Time == other.Time && Ticket < other.Ticket);
    }
}
