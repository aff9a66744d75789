using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Placement;

/// <summary>Finds which of many patterns match a name, by the characters that matches start with.</summary>
internal sealed class PatternIndex
{
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<string> _patterns = [];
    private readonly Dictionary<string, List<int>> _byPrefix = [];
    private readonly List<int> _prefixLengths = [];

    /// <summary>Gets the number of different patterns.</summary>
    public int Count => _patterns.Count;

    /// <summary>Adds a pattern, unless it is there, and returns its number.</summary>
    public int Add(string pattern)
    {
        if (_ids.TryGetValue(pattern, out int id))
            return id;

        id = _patterns.Count;
        _ids.Add(pattern, id);
        _patterns.Add(pattern);
        string prefix = UnitGlob.Prefix(pattern).ToString();
        if (!_byPrefix.TryGetValue(prefix, out List<int>? bucket))
        {
            _byPrefix.Add(prefix, bucket = []);
            if (!_prefixLengths.Contains(prefix.Length))
                _prefixLengths.Add(prefix.Length);
        }

        bucket.Add(id);
        return id;
    }

    /// <summary>Gets a pattern by its number.</summary>
    public string this[int id] => _patterns[id];

    /// <summary>Adds the numbers of all patterns that match a name to a list.</summary>
    public void Match(string name, List<int> matches)
    {
        Dictionary<string, List<int>>.AlternateLookup<ReadOnlySpan<char>> lookup =
            _byPrefix.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (int length in _prefixLengths)
        {
            if (length > name.Length || !lookup.TryGetValue(name.AsSpan(0, length), out List<int>? bucket))
                continue;
            foreach (int id in bucket)
            {
                if (UnitGlob.IsMatch(_patterns[id], name))
                    matches.Add(id);
            }
        }
    }
}
