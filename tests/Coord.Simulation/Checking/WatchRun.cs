using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>All that one watch was told, from its first revision on. One that is resumed is another one.</summary>
internal sealed class WatchRun
{
    private readonly List<WatchObservation> _observations = [];

    /// <summary>Begins a watch.</summary>
    /// <param name="name">Names it in findings.</param>
    /// <param name="range">Which keys.</param>
    /// <param name="options">What it asked for; the start revision is known, never "now".</param>
    public WatchRun(string name, KeyRange range, WatchOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.StartRevision.Value, nameof(options));
        (Name, Range, Options) = (name, range, options);
    }

    public string Name { get; }

    public KeyRange Range { get; }

    public WatchOptions Options { get; }

    public IReadOnlyList<WatchObservation> Observations => _observations;

    /// <summary>
    /// Gets or sets the revision that it must have been told of at the end, because it was given the time; none if it
    /// ended earlier.
    /// </summary>
    public Revision MustReach { get; set; }

    /// <summary>Notes what a stream of watches said to this one.</summary>
    public void Add(WatchNotice notice, long time = 0) => _observations.Add(new(time, notice));

    /// <summary>Notes what <see cref="IKeyValueStore.WatchAsync"/> said.</summary>
    public void Add(WatchBatch batch, long time = 0)
    {
        WatchNoticeKind kind = batch.Events.Count > 0 ? WatchNoticeKind.Events : WatchNoticeKind.Progress;
        Add(new WatchNotice(0, kind, batch.Revision, batch.Events), time);
    }

    /// <summary>Notes that it ended because what comes next has been compacted.</summary>
    public void AddCompacted(Revision oldest, long time = 0) =>
        Add(new WatchNotice(0, WatchNoticeKind.Compacted, oldest, []), time);
}
