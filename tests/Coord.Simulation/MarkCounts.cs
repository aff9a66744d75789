namespace Coord.Simulation;

/// <summary>How often each place was reached.</summary>
internal sealed class MarkCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<Mark>().Length];

    /// <summary>Gets the places that were never reached.</summary>
    public IEnumerable<Mark> Missing => Enum.GetValues<Mark>().Where(mark => _counts[(int)mark] == 0);

    public void Add(Mark mark) => _counts[(int)mark]++;

    public void Add(MarkCounts others)
    {
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += others._counts[i];
    }

    public override string ToString() =>
        string.Join(", ", Enum.GetValues<Mark>().Select(mark => $"{mark} {_counts[(int)mark]}"));
}
