using System.Runtime.InteropServices;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>One read of one range at one revision, done in bounded steps. Owned by the thread that reads.</summary>
internal sealed class RangeRead(KeyRange range, long revision, GetOptions options)
{
    private readonly List<KeyValue> _found = [];
    private readonly List<KeyVersion> _step = [];
    private byte[]? _position;
    private long _passed;

    public KeyRange Range => range;

    public long Revision => revision;

    public bool IsDone { get; private set; }

    public long Count { get; private set; }

    /// <summary>Gets what the end of this step will have to copy.</summary>
    public long StepBytes { get; private set; }

    /// <summary>Gets the first key that was not looked at yet.</summary>
    public ReadOnlySpan<byte> Position => _position ?? range.Key.Span;

    // What is sorted is cut when everything is there.
    private bool IsSorted => Sorts(options);

    private bool IsFull =>
        options.CountOnly || (options.Limit > 0 && !IsSorted && _found.Count + _step.Count == options.Limit);

    /// <summary>Tells whether a read has to see everything before it knows what comes first.</summary>
    public static bool Sorts(GetOptions options) =>
        options.SortBy is not SortTarget.Key || options.SortOrder is SortOrder.Descending;

    /// <summary>Tells whether a version is one that a read wants.</summary>
    public static bool Passes(KeyVersion version, GetOptions options) =>
        IsBetween(version.Stamp.Revision, options.MinModRevision, options.MaxModRevision)
        && IsBetween(version.CreateRevision, options.MinCreateRevision, options.MaxCreateRevision);

    /// <summary>Answers the read of a single key, which needs no steps.</summary>
    public static GetResult ReadOne(KeyVersion? found, GetOptions options, long currentRevision)
    {
        long count = found is null ? 0 : 1;
        return found is { } version && !options.CountOnly && Passes(version, options)
            ? new(new(currentRevision), [version.ToKeyValue(options.KeysOnly)], count, More: false)
            : new(new(currentRevision), [], count, More: false);
    }

    public void Add(KeyVersion version)
    {
        Count++;
        if (options.CountOnly || !Passes(version, options))
            return;

        _passed++;
        if (IsFull)
            return;

        _step.Add(version);
        StepBytes += version.Cost;
    }

    public void PauseAt(ReadOnlySpan<byte> key)
    {
        _position = key.ToArray();
        EndStep();
    }

    public void Finish()
    {
        IsDone = true;
        EndStep();
    }

    public GetResult ToResult(long currentRevision)
    {
        if (IsSorted)
            Sort();
        bool more = options.Limit > 0 && _passed > options.Limit;
        int returned = more ? (int)options.Limit : _found.Count;
        KeyValue[] keyValues = new KeyValue[returned];
        for (int i = 0; i < returned; i++)
            keyValues[i] = IsBlankedLate ? WithoutValue(_found[i]) : _found[i];
        return new(new(currentRevision), keyValues, Count, more);
    }

    // Who sorts by values needs them until then.
    private bool IsBlankedLate => options.KeysOnly && options.SortBy is SortTarget.Value;

    private static KeyValue WithoutValue(KeyValue key) =>
        new(key.Key, default, key.CreateRevision, key.ModRevision, key.Version, key.Lease);

    private static bool IsBetween(long value, Revision min, Revision max) =>
        (min.Value <= 0 || value >= min.Value) && (max.IsZero || value <= max.Value);

    private void Sort()
    {
        int sign = options.SortOrder is SortOrder.Descending ? -1 : 1;
        _found.Sort((a, b) =>
        {
            int order = sign * Compare(a, b);
            return order != 0 ? order : a.Key.Span.SequenceCompareTo(b.Key.Span);
        });
    }

    private int Compare(KeyValue a, KeyValue b) => options.SortBy switch
    {
        SortTarget.Version => a.Version.CompareTo(b.Version),
        SortTarget.CreateRevision => a.CreateRevision.CompareTo(b.CreateRevision),
        SortTarget.ModRevision => a.ModRevision.CompareTo(b.ModRevision),
        SortTarget.Value => a.Value.Span.SequenceCompareTo(b.Value.Span),
        _ => a.Key.Span.SequenceCompareTo(b.Key.Span),
    };

    /// <summary>Copies what the step found: it need not be there any more when the next one begins.</summary>
    private void EndStep()
    {
        KeyValueCopy.Append(CollectionsMarshal.AsSpan(_step), options.KeysOnly && !IsBlankedLate, _found);
        _step.Clear();
        StepBytes = 0;
    }
}
