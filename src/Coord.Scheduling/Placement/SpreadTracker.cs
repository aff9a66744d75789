namespace Coord.Scheduling.Placement;

/// <summary>Counts the slots of one unit in each domain that it is spread over.</summary>
/// <remarks>
/// A slot may go where the domain, with it, has at most so many more slots than the domain that has the fewest. Only
/// domains count as that one in which a node may run the unit: others would forbid everything.
/// </remarks>
internal sealed class SpreadTracker
{
    private readonly SpreadDomains _domains;
    private readonly StaticCandidates _candidates;
    private readonly int[] _counts;
    private readonly int _maxSkew;
    private readonly int _absentDomain = -1;
    private int _fewest;
    private int _withFewest;

    public SpreadTracker(PlacementState state, int unit)
    {
        CompiledShape shape = state.Model.Shapes[state.Model.ShapeOf[unit]];
        _domains = shape.Spread!;
        _candidates = shape.Candidates(state.Model);
        _maxSkew = state.Model.Units[unit].Spec!.Constraints.Spread!.MaxSkew;
        _counts = new int[_domains.Count];
        if (state.Absent >= 0 && _candidates.Nodes.AsSpan().BinarySearch(state.Absent) >= 0)
            _absentDomain = _domains.Of[state.Absent];

        foreach (ref Slot slot in state.SlotsOf(unit))
        {
            if (slot.Node >= 0 && _domains.Of[slot.Node] is >= 0 and int domain)
                _counts[domain]++;
        }

        FindFewest();
    }

    /// <summary>Says whether one more slot may be in a domain.</summary>
    public bool AllowsDomain(int domain) => (long)_counts[domain] + 1 - _fewest <= _maxSkew;

    /// <summary>Says whether one more slot may be on a node.</summary>
    public bool Allows(int node) => _domains.Of[node] is >= 0 and int domain && AllowsDomain(domain);

    /// <summary>Learns of a slot, and says whether that allows nodes that it did not allow before.</summary>
    public bool Placed(int node)
    {
        int domain = _domains.Of[node];
        bool hadFewest = Counts(domain) && _counts[domain] == _fewest;
        _counts[domain]++;
        if (!hadFewest || --_withFewest > 0)
            return false;
        FindFewest();
        return true;
    }

    private bool Counts(int domain) =>
        _candidates.NodesPerDomain[domain] > (domain == _absentDomain ? 1 : 0);

    private void FindFewest()
    {
        (_fewest, _withFewest) = (int.MaxValue, 0);
        for (int domain = 0; domain < _counts.Length; domain++)
        {
            if (_counts[domain] > _fewest || !Counts(domain))
                continue;
            if (_counts[domain] < _fewest)
                (_fewest, _withFewest) = (_counts[domain], 0);
            _withFewest++;
        }
    }
}
