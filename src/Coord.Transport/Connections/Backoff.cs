namespace Coord.Transport.Connections;

/// <summary>How long to wait before the next attempt: doubling up to a limit, and half of it by chance.</summary>
/// <remarks>Chance keeps members that lost each other at one moment from meeting again at one moment.</remarks>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Entropy entropy)
{
    private TimeSpan _next; // Zero: start at the least.

    /// <summary>Returns how long to wait now.</summary>
    public TimeSpan Next()
    {
        if (_next == TimeSpan.Zero)
            _next = min;

        TimeSpan wait = (_next / 2) + (_next / 2 * entropy.NextFraction());
        _next = _next * 2 < max ? _next * 2 : max;
        return wait;
    }

    /// <summary>Starts over, after a success.</summary>
    public void Reset() => _next = TimeSpan.Zero;
}
