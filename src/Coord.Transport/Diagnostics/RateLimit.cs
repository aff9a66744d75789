namespace Coord.Transport.Diagnostics;

/// <summary>
/// Lets a few events of a kind through in each period, so that nobody can flood the log. Thread-safe.
/// </summary>
internal sealed class RateLimit(TimeProvider timeProvider, int burst, TimeSpan period)
{
    private readonly Lock _lock = new();
    private long _periodStart = timeProvider.GetTimestamp();
    private int _taken;
    private long _suppressed;

    /// <summary>Asks for leave.</summary>
    /// <param name="suppressed">How many were not given leave since the last that was.</param>
    public bool TryTake(out long suppressed)
    {
        lock (_lock)
        {
            long now = timeProvider.GetTimestamp();
            if (timeProvider.GetElapsedTime(_periodStart, now) >= period)
            {
                _periodStart = now;
                _taken = 0;
            }

            if (_taken >= burst)
            {
                _suppressed++;
                suppressed = 0;
                return false;
            }

            _taken++;
            (suppressed, _suppressed) = (_suppressed, 0);
            return true;
        }
    }
}
