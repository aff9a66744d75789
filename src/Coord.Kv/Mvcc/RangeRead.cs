using System.Runtime.InteropServices;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>One read of one range at one revision, done in bounded steps. Owned by the thread that reads.</summary>
internal sealed class RangeRead(KeyRange range, long revision, GetOptions options)
{
    private readonly List<KeyValue> _found = [];
    private readonly List<KeyVersion> _step = [];
    private byte[]? _position;

    public KeyRange Range => range;

    public long Revision => revision;

    public bool IsDone { get; private set; }

    public long Count { get; private set; }

    /// <summary>Gets what the end of this step will have to copy.</summary>
    public long StepBytes { get; private set; }

    /// <summary>Gets the first key that was not looked at yet.</summary>
    public ReadOnlySpan<byte> Position => _position ?? range.Key.Span;

    private bool IsFull =>
        options.CountOnly || (options.Limit > 0 && _found.Count + _step.Count == options.Limit);

    public void Add(KeyVersion version)
    {
        Count++;
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

    public GetResult ToResult(long currentRevision) =>
        new(new(currentRevision), [.. _found], Count, More: !options.CountOnly && Count > _found.Count);

    /// <summary>Copies what the step found: it need not be there any more when the next one begins.</summary>
    private void EndStep()
    {
        KeyValueCopy.Append(CollectionsMarshal.AsSpan(_step), options.KeysOnly, _found);
        _step.Clear();
        StepBytes = 0;
    }
}
