namespace Coord.Simulation.Faults;

/// <summary>How often each fault happened.</summary>
internal sealed class FaultCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<FaultKind>().Length];

    public long Total => _counts.Sum();

    public long this[FaultKind kind] => _counts[(int)kind];

    public void Add(FaultKind kind) => _counts[(int)kind]++;

    public void Add(FaultCounts others)
    {
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += others._counts[i];
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<FaultKind>()
        .Where(kind => this[kind] > 0)
        .OrderByDescending(kind => this[kind])
        .Select(kind => $"{kind} {this[kind]}"));
}
