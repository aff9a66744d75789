namespace Coord.Scheduling.Agent;

/// <summary>The pause before the next start: it doubles with each failure in a row. One flow uses it.</summary>
internal sealed class Backoff(TimeSpan longest, TimeProvider clock)
{
    private TimeSpan _pause;
    private long _since;

    /// <summary>Gets how much of the pause is left.</summary>
    public TimeSpan Left => _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - clock.GetElapsedTime(_since);

    /// <summary>Forgets all failures.</summary>
    public void Clear() => _pause = TimeSpan.Zero;

    /// <summary>Begins a pause.</summary>
    /// <param name="first">How long the first one is.</param>
    /// <param name="lasted">How long the run lasted: after a long one it is no failure in a row.</param>
    public void Fail(TimeSpan first, TimeSpan lasted)
    {
        TimeSpan next = _pause == TimeSpan.Zero || lasted > longest ? first : _pause * 2;
        _pause = next < longest ? next : longest;
        _since = clock.GetTimestamp();
    }
}
