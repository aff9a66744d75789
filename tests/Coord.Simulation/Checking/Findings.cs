using System.Collections;
using System.Runtime.CompilerServices;

namespace Coord.Simulation.Checking;

/// <summary>What a checker found wrong, in words. Keeps the first: what follows a fault is mostly its echo.</summary>
internal sealed class Findings : IReadOnlyCollection<string>
{
    private const int MaxKept = 20;

    private readonly List<string> _kept = [];

    /// <summary>Gets how many there are, those that were not kept included.</summary>
    public int Count { get; private set; }

    public bool IsClean => Count == 0;

    public void Add(string finding)
    {
        Count++;
        if (_kept.Count < MaxKept)
            _kept.Add(finding);
    }

    /// <summary>Adds a finding unless something holds that has to.</summary>
    public void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] FindingText finding)
    {
        if (!holds)
            Add(finding.ToString());
    }

    public void AddRange(Findings others)
    {
        foreach (string finding in others)
            Add(finding);
        Count += others.Count - others._kept.Count;
    }

    public IEnumerator<string> GetEnumerator() => _kept.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() =>
        Count <= _kept.Count
            ? string.Join('\n', _kept)
            : $"{string.Join('\n', _kept)}\n... and {Count - _kept.Count} more";
}
