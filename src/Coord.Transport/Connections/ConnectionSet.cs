namespace Coord.Transport.Connections;

/// <summary>The connections that are up, and the tasks that serve them: whom to tick, to end and to wait for.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ConnectionSet(TimeProvider timeProvider) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<Connection> _connections = [];
    private readonly HashSet<Task> _tasks = [];
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>Starts to tick connections.</summary>
    public void Start(TimeSpan period) =>
        _timer = timeProvider.CreateTimer(static state => ((ConnectionSet)state!).Tick(), this, period, period);

    /// <summary>Adds a connection; false, and it is aborted, if the transport is being disposed.</summary>
    public bool TryAdd(Connection connection)
    {
        lock (_lock)
        {
            if (!_isDisposed)
                return _connections.Add(connection);
        }

        connection.Abort("This member stops.");
        return false;
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Remove(Connection connection)
    {
        lock (_lock)
            _connections.Remove(connection);
    }

    /// <summary>Ends the connections that a condition picks.</summary>
    public void Abort(Func<Connection, bool> condition, string reason)
    {
        foreach (Connection connection in Snapshot())
        {
            if (condition(connection))
                connection.Abort(reason);
        }
    }

    /// <summary>Waits for a task at the end; the task itself never fails.</summary>
    public void Track(Task task)
    {
        lock (_lock)
            _tasks.Add(task);

        _ = ForgetAsync(task);
    }

    /// <summary>Ends all connections, and waits for their tasks.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _isDisposed = true;

        if (_timer is not null)
            await _timer.DisposeAsync().ConfigureAwait(false);

        Abort(_ => true, "This member stops.");
        Task[] tasks;
        lock (_lock)
            tasks = [.. _tasks];
        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    private async Task ForgetAsync(Task task)
    {
        await task.ConfigureAwait(false);
        lock (_lock)
            _tasks.Remove(task);
    }

    private void Tick()
    {
        long now = timeProvider.GetTimestamp();
        foreach (Connection connection in Snapshot())
        {
            try
            {
                connection.OnTick(now);
            }
            catch (Exception e)
            {
                // Whatever is wrong with one connection, the others are looked after.
                connection.Abort(e.Message);
            }
        }
    }

    private Connection[] Snapshot()
    {
        lock (_lock)
            return [.. _connections];
    }
}
