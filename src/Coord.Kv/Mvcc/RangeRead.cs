namespace Coord.Kv.Mvcc;

/// <summary>One read of one range at one revision, done in bounded steps. Owned by the thread that reads.</summary>
internal sealed class RangeRead(KeyRange range, long revision, GetOptions options)
{
    private readonly List<KeyVersion> _found = [];
    private byte[]? _position;

    public KeyRange Range => range;

    public long Revision => revision;

    public bool IsDone { get; private set; }

    public long Count { get; private set; }

    /// <summary>Gets the first key that was not looked at yet.</summary>
    public ReadOnlySpan<byte> Position => _position ?? range.Key.Span;

    private bool IsFull => options.CountOnly || (options.Limit > 0 && _found.Count == options.Limit);

    public void Add(KeyVersion version)
    {
        Count++;
        if (!IsFull)
            _found.Add(version);
    }

    public void PauseAt(byte[] key) => _position = key;

    public void Finish() => IsDone = true;

    public GetResult ToResult(long currentRevision)
    {
        KeyValue[] keyValues = new KeyValue[_found.Count];
        for (int i = 0; i < keyValues.Length; i++)
            keyValues[i] = _found[i].ToKeyValue(options.KeysOnly);
        return new(new(currentRevision), keyValues, Count, More: !options.CountOnly && Count > keyValues.Length);
    }
}
