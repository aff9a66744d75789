namespace Coord.Raft.Driver;

/// <summary>
/// The loops that a thread has entered and will run, after what it is doing, in place of their own threads.
/// </summary>
/// <remarks>
/// One a thread. Always true: no loop runs within another's turn, so the stack does not grow and no loop finds itself
/// half way; and what has been entered is run or handed to its thread before the thread turns to anything else.
/// </remarks>
internal sealed class LoopHelper
{
    // A thread that came with one message must not become the owner's for good.
    private const int MaxLoops = 8;

    [ThreadStatic]
    private static LoopHelper? Mine;

    private readonly Queue<LoopThread> _entered = new();
    private bool _isRunning;
    private bool _canWait;

    private static LoopHelper Current => Mine ??= new();

    /// <summary>
    /// Takes note that this thread runs a loop of its own from now on, and helps others after its turns.
    /// </summary>
    public static LoopHelper Begin()
    {
        Current._isRunning = true;
        return Current;
    }

    /// <summary>Runs a loop that the caller has entered, or lets its own thread in if a loop is running here.</summary>
    /// <param name="pump">What pumps it.</param>
    /// <param name="canWait">Whether this thread may also run a loop that waits for the disk.</param>
    public static void Run(LoopThread pump, bool canWait)
    {
        LoopHelper helper = Current;
        if (helper._isRunning)
        {
            // Called by what a loop calls, which may wait for the outcome.
            pump.LetIn();
            return;
        }

        (helper._isRunning, helper._canWait) = (true, canWait);
        helper._entered.Enqueue(pump);
        helper.RunEntered(null);
        helper._isRunning = false;
    }

    /// <summary>Keeps a loop that the caller has entered for after the turn that is running here.</summary>
    /// <returns>False if none is, or if this thread must not wait for what the loop waits for.</returns>
    public static bool TryDefer(LoopThread pump)
    {
        if (Mine is not { _isRunning: true } helper || (pump.Waits && !helper._canWait))
            return false;

        helper._entered.Enqueue(pump);
        return true;
    }

    /// <summary>Gives all that this thread has entered to their own threads: it is about to wait for them.</summary>
    public static void LetAllIn()
    {
        while (Mine is { } helper && helper._entered.TryDequeue(out LoopThread? pump))
            pump.LetIn();
    }

    /// <summary>Runs what was entered, for as long as the thread's own loop has nothing to do.</summary>
    public void RunEntered(LoopSignal? own)
    {
        for (int loops = 0; _entered.TryDequeue(out LoopThread? pump); loops++)
        {
            // What waits comes last: nobody else is to wait with it.
            if (pump.Waits && _entered.Count > 0 && loops < MaxLoops)
                _entered.Enqueue(pump);
            else if (loops < MaxLoops && own is not { IsMarked: true })
                pump.Help();
            else
                pump.LetIn();
        }
    }
}
