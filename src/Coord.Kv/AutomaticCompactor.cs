namespace Coord.Kv;

/// <summary>Says when to compact, and to which revision, by age or by count. Pure; one caller.</summary>
/// <remarks>
/// Every member looks, so that a new leader knows how old revisions are; only the leader acts on it. Times are
/// <see cref="TimeSpan.Ticks"/> of a clock that never goes back.
/// </remarks>
internal sealed class AutomaticCompactor
{
    private const long RevisionsInterval = 5 * TimeSpan.TicksPerMinute;
    private const long LongestInterval = TimeSpan.TicksPerHour;
    private const int LooksPerInterval = 10;

    private readonly CompactionMode _mode;
    private readonly long _retained;
    private readonly long _interval;
    private readonly Queue<(long Time, long Revision)> _looks = new();
    private long _nextLook;
    private long _nextCompaction;
    private long _target;

    public AutomaticCompactor(KeyValueOptions options, long now)
    {
        _mode = options.CompactionMode;
        bool isPeriodic = _mode is CompactionMode.Periodic;
        _retained = isPeriodic ? options.CompactionRetention.Ticks : options.CompactionRetainedRevisions;
        _interval = isPeriodic ? Math.Min(_retained, LongestInterval) : RevisionsInterval;
        _nextLook = now;
        _nextCompaction = now + _interval;
    }

    /// <summary>Looks at the revision, if it is time to.</summary>
    /// <param name="now">The time.</param>
    /// <param name="revision">The present revision.</param>
    /// <returns>The revision to compact to, if one is due; else zero.</returns>
    public long Look(long now, long revision)
    {
        if (_mode is CompactionMode.None || now < _nextLook)
            return 0;

        _nextLook = now + (_interval / LooksPerInterval);
        if (_mode is CompactionMode.Periodic)
        {
            // The newest look that is old enough says which revision is.
            _looks.Enqueue((now, revision));
            while (_looks.TryPeek(out (long Time, long Revision) oldest) && oldest.Time <= now - _retained)
                _target = _looks.Dequeue().Revision;
        }
        else
        {
            _target = revision - _retained;
        }

        return now >= _nextCompaction && _target > 0 ? _target : 0;
    }

    /// <summary>Is told that the log took the compaction, or that there was nothing to do.</summary>
    public void Done(long now) => _nextCompaction = now + _interval;
}
