namespace Coord.Raft.Driver;

/// <summary>
/// The door of a loop: who has something for it knocks, and one at a time is inside and pumps it.
/// </summary>
/// <remarks>
/// At first, and for as long as its thread is awake, the loop's own pump is inside. While that sleeps nobody is, and
/// whoever knocks has entered: it lets the thread in (<see cref="Set"/>), or pumps the loop itself, which saves waking
/// a thread, some tens of microseconds on an idle core (<see cref="Run"/>, <see cref="Offer"/>). Who knocks while
/// somebody is inside leaves a mark, and whoever is inside looks again before it leaves, so that no knock is lost.
/// </remarks>
internal sealed class LoopSignal : IDisposable
{
    private const int Empty = 0;
    private const int Taken = 1;
    private const int Marked = 2;

    private readonly AutoResetEvent _letIn = new(false);
    private int _state = Taken;
    private Action? _wake;

    /// <summary>Gets or sets the pump that others may help; null if nobody but the pump runs the loop.</summary>
    public LoopThread? Helped { get; set; }

    /// <summary>Gets a value indicating whether somebody knocked since the present turn began.</summary>
    public bool IsMarked => Volatile.Read(ref _state) == Marked;

    /// <summary>Lets the loop's own pump run. Thread-safe.</summary>
    public void Set()
    {
        if (TryEnter())
            LetIn();
    }

    /// <summary>
    /// Lets the loop run on this thread, at once; thread-safe. Not under a lock, and not for a caller who hurries.
    /// </summary>
    /// <param name="canWait">Whether this thread may also wait for the disk.</param>
    public void Run(bool canWait = false)
    {
        if (!TryEnter())
            return;
        if (Helped is { } pump && (canWait || !pump.Waits))
            LoopHelper.Run(pump, canWait);
        else
            LetIn();
    }

    /// <summary>
    /// Lets the loop run on this thread after the turn of the loop that runs here now, if this is the thread of one
    /// that helps others, and elsewhere if not. Thread-safe.
    /// </summary>
    public void Offer()
    {
        if (TryEnter() && !(Helped is { } pump && LoopHelper.TryDefer(pump)))
            LetIn();
    }

    /// <summary>
    /// Lets the next <see cref="Set"/> call back, once, in place of letting a thread in: for a pump that has no thread
    /// to wait with. Forgets earlier signals.
    /// </summary>
    public void Arm(Action wake)
    {
        _wake = wake;
        Volatile.Write(ref _state, Empty);
    }

    /// <summary>Enters, or leaves a mark for whoever is inside.</summary>
    public bool TryEnter()
    {
        while (true)
        {
            // An exchange even if the mark is there already: what was queued must be visible before it is looked for.
            int state = Interlocked.CompareExchange(ref _state, Marked, Taken);
            if (state != Empty)
                return false;
            if (Interlocked.CompareExchange(ref _state, Taken, Empty) == Empty)
                return true;
        }
    }

    /// <summary>Begins a turn: what was queued up to now will be found by it. Who is inside calls it.</summary>
    public void BeginTurn() => Interlocked.Exchange(ref _state, Taken);

    /// <summary>Leaves, unless somebody has knocked since the turn began. Who is inside calls it.</summary>
    public bool TryLeave() => Interlocked.CompareExchange(ref _state, Empty, Taken) == Taken;

    /// <summary>Gives one's place inside to the loop's own pump.</summary>
    public void LetIn()
    {
        if (_wake is { } wake)
            wake();
        else
            _letIn.Set();
    }

    /// <summary>Waits to be let in, or enters when the time is over. Called by the loop's thread, outside.</summary>
    public bool TryWait(TimeSpan timeout) => _letIn.WaitOne(timeout) || TryEnter();

    /// <inheritdoc/>
    public void Dispose() => _letIn.Dispose();
}
