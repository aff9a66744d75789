namespace Coord.AspNetCore.Hot;

/// <summary>The end of a call whose client says how long it waits.</summary>
internal sealed class CallDeadline : IDisposable
{
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenRegistration _registration;

    private CallDeadline(TimeSpan timeout, TimeProvider clock, CancellationToken aborted)
    {
        _aborted = aborted;
        _late = new CancellationTokenSource(timeout, clock);
        _registration =
            aborted.UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), _late);
    }

    /// <summary>Gets what is cancelled when the time is over, or the client gone.</summary>
    public CancellationToken Token => _late.Token;

    /// <summary>Gets a value indicating whether the time is over, and the client still there to be told so.</summary>
    public bool IsOver => _late.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Begins to measure.</summary>
    /// <param name="timeout">How long the client waits, if it says so; else there is no deadline.</param>
    /// <param name="clock">What the time is taken from.</param>
    /// <param name="aborted">The client is gone.</param>
    public static CallDeadline? Of(TimeSpan? timeout, TimeProvider clock, CancellationToken aborted) =>
        timeout is { } time ? new CallDeadline(time, clock, aborted) : null;

    public void Dispose()
    {
        _registration.Dispose();
        _late.Dispose();
    }
}
