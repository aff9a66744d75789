namespace Coord.Scheduling.Placement;

/// <summary>A shape within one model: its texts as integers, and which nodes may run it. Immutable.</summary>
internal sealed class CompiledShape
{
    private StaticCandidates? _candidates;

    /// <summary>Gets what a slot needs, in the order of resources.</summary>
    public required Request[] Requests { get; init; }

    /// <summary>Gets, for each label that is required, the values that will do.</summary>
    public int[][] Labels { get; init; } = [];

    /// <summary>Gets the taints that are tolerated.</summary>
    public int[] Tolerations { get; init; } = [];

    /// <summary>Gets the only node that may run it: -1 if any may, -2 if that node is not there.</summary>
    public int Pin { get; init; } = -1;

    /// <summary>Gets the runner that it needs; -1 for a bundle, whose members have theirs.</summary>
    public int Runner { get; init; } = -1;

    /// <summary>Gets the nodes that offer its code, in order; null if that does not matter.</summary>
    public List<int>? OfferedBy { get; init; }

    /// <summary>Gets what to spread over; null if nothing is spread.</summary>
    public SpreadDomains? Spread { get; init; }

    /// <summary>Gets why no node may run it; null if nothing is wrong with it.</summary>
    public string? Invalid { get; init; }

    /// <summary>Gets its dominant part of the largest request of each resource: larger ones go first.</summary>
    public long Size { get; init; }

    /// <summary>Gets what a node must run together, if this is a bundle; null if it is one unit's shape.</summary>
    public CompiledShape[]? Members { get; init; }

    /// <summary>Gets the number of slots that it stands for.</summary>
    public int SlotCount => Members?.Length ?? 1;

    /// <summary>Gets how many of its slots ask for nothing.</summary>
    public int Undeclared => Members?.Sum(member => member.Undeclared) ?? (Requests.Length == 0 ? 1 : 0);

    /// <summary>Gets which nodes may run it, apart from what is on them.</summary>
    // Two threads may both find it out: they find the same.
    public StaticCandidates Candidates(PlacementModel model) => _candidates ??= new StaticCandidates(model, this);

    /// <summary>Gets how much of a resource it asks for.</summary>
    public long Requested(string resource, PlacementModel model)
    {
        int id = model.FindResource(resource);
        return Array.Find(Requests, request => request.Resource == id).Amount;
    }
}

/// <summary>How much of one resource a slot needs.</summary>
internal readonly record struct Request(int Resource, long Amount);
