namespace Coord.Scheduling.Agent;

/// <summary>Keeps the last lines of a slot's output, and whether it is ready. Thread-safe.</summary>
internal sealed class RunJournal(int capacity, Action changed) : IRunObserver
{
    private const int MaxLineLength = 2048;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();

    /// <summary>Gets a value indicating whether the run says that it is ready.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Gets what the run says of its readiness.</summary>
    public string Message { get; private set; } = "";

    /// <summary>Returns the lines, the oldest first.</summary>
    public string[] Lines()
    {
        lock (_lock)
            return [.. _lines];
    }

    /// <summary>Forgets what the last run said of its readiness; its lines stay.</summary>
    public void BeginRun()
    {
        lock (_lock)
            (IsReady, Message) = (false, "");
    }

    public void OnReady(bool isReady, string message = "")
    {
        lock (_lock)
            (IsReady, Message) = (isReady, message);
        changed();
    }

    public void OnOutput(string line, bool isError)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (capacity == 0)
            return;
        lock (_lock)
        {
            if (_lines.Count == capacity)
                _lines.Dequeue();
            _lines.Enqueue(line.Length > MaxLineLength ? line[..MaxLineLength] : line);
        }
    }
}
