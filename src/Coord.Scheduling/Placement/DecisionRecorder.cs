namespace Coord.Scheduling.Placement;

/// <summary>Writes down why slots are where they are, at the moment when it is decided.</summary>
internal sealed class DecisionRecorder
{
    private const int MaxBest = 5;

    // So many looks at a node are for verdicts in one plan; slots beyond that are told in general words.
    private const long MaxLooks = 1_000_000;

    private readonly long _revision;
    private readonly PlacementState _state;
    private readonly PlacementModel _model;
    private readonly Picker _picker;
    private readonly PlannerOptions _options;
    private readonly List<PlacementDecision> _decisions = [];
    private readonly Dictionary<CompiledShape, (int Log, string Verdict)> _verdicts = [];
    private long _looks;

    public DecisionRecorder(
        long revision, PlacementState state, Picker picker, PlannerOptions options, SlotId? probe)
    {
        _revision = revision;
        _state = state;
        _model = state.Model;
        _picker = picker;
        _options = options;
        Probe = probe is { } slot ? FindSlot(slot) : -1;
    }

    /// <summary>Gets the slot that is asked about; -1 if none is.</summary>
    public int Probe { get; }

    public PlacementExplanation? Explanation { get; private set; }

    public IReadOnlyList<PlacementDecision> Decisions => _decisions;

    /// <summary>Writes down what was decided for a task, if somebody wants to know.</summary>
    public void Offer(PlacementTask task, int node)
    {
        if (_decisions.Count >= _options.MaxDecisions && !task.Slots.Contains(Probe))
            return;
        Record(task, node, hasStayed: false);
    }

    /// <summary>Writes down what was decided for a task.</summary>
    public void Record(PlacementTask task, int node, bool hasStayed)
    {
        Appraisal[] appraisals = [.. Enumerable.Range(0, _model.Nodes.Length).Select(other => Appraise(task, other))];
        List<RemovedNodes> removed =
        [
            .. appraisals.Where(appraisal => appraisal.Failure != FilterKind.None)
                .GroupBy(appraisal => appraisal.Failure).OrderBy(group => group.Key)
                .Select(group => new RemovedNodes(
                    FilterNames.Of(group.Key, _options.Filters), group.Count(), NameOf(group.First().Node),
                    Describe(task, group.First()))),
        ];
        List<ScoredNode> best =
        [
            .. appraisals.Where(appraisal => appraisal.Failure == FilterKind.None)
                .OrderBy(appraisal => appraisal.Total).ThenBy(appraisal => _state.SlotCount[appraisal.Node])
                .ThenBy(appraisal => appraisal.Node).Take(MaxBest).Select(appraisal => Score(task, appraisal)),
        ];
        foreach (int slot in task.Slots)
        {
            ref Slot state = ref _state.Slots[slot];
            NodeName from = state.From != Slot.Nowhere ? NameOf(state.From) : state.Lost;
            PlacementDecision decision = new(
                _revision, _state.IdOf(slot), from, node < 0 ? default : NameOf(node), state.Reason, hasStayed,
                _options.Strategy.Name, _model.Nodes.Length, removed, best,
                [.. task.Slots.Where(other => other != slot).Select(_state.IdOf)]);
            if (slot == Probe)
                Explanation = new PlacementExplanation(decision, Verdicts(task, appraisals, node));
            if (_decisions.Count < _options.MaxDecisions && !hasStayed)
                _decisions.Add(decision);
        }
    }

    /// <summary>Says why no node is there for a slot.</summary>
    public string VerdictOf(PlacementTask task)
    {
        if (task.Shape.Invalid is { } invalid)
            return $"No node can run it: {invalid}.";
        bool isShared = task.Only is null && IsOnlyShape(task.Slots[0]);
        if (isShared && _verdicts.TryGetValue(task.Shape, out (int Log, string Verdict) known)
            && known.Log == _state.Log.Count)
            return known.Verdict;

        _looks += _model.Nodes.Length;
        if (_looks > MaxLooks)
            return "No node can run it; many others fare alike, and an explanation of the slot tells why.";

        IEnumerable<string> counts = Enumerable.Range(0, _model.Nodes.Length)
            .GroupBy(node => Appraise(task, node).Failure).OrderBy(group => group.Key)
            .Select(group => $"{FilterNames.Of(group.Key, _options.Filters)} {group.Count()}");
        string verdict = _model.Nodes.Length == 0 ? "There are no nodes."
            : $"None of {_model.Nodes.Length} nodes can run it; removed by filters: {string.Join(", ", counts)}.";
        if (isShared)
            _verdicts[task.Shape] = (_state.Log.Count, verdict);
        return verdict;
    }

    /// <summary>Says what is against a node, in a few words.</summary>
    public string VerdictOn(PlacementTask task, int node) => Describe(task, Appraise(task, node));

    // Whether all that decides about the slot is its shape, so that others of the shape fare alike.
    private bool IsOnlyShape(int slot)
    {
        int unit = _state.Slots[slot].Unit;
        return _model.Declared[unit] is null && _model.Matched[unit] is null && _options.Filters.Count == 0
            && _model.SameNodeAs[unit] == PlacementModel.NoUnit && _state.ShapeOf(slot).Spread is null;
    }

    private Appraisal Appraise(PlacementTask task, int node)
    {
        int target = _state.Slots[task.Slots[0]].Target;
        FilterKind failure = target != Slot.Nowhere && target != node
            ? FilterKind.Global : _model.FirstFailure(task.Shape, node);
        if (failure != FilterKind.None)
            return new Appraisal(node, failure, 0, 0);
        long cost = StrategyCost.Of(_options.Strategy, _state, task.Shape, node);
        if (cost == PickTree.Never)
            return new Appraisal(node, FilterKind.Resources, 0, 0);
        failure = _picker.FirstFailure(task, node);
        if (failure == FilterKind.None && task.Only is { } only && Array.BinarySearch(only, node) < 0)
            failure = FilterKind.Replaces;
        return failure != FilterKind.None
            ? new Appraisal(node, failure, 0, 0)
            : new Appraisal(node, FilterKind.None, cost, _picker.Total(task, node, cost));
    }

    private ScoredNode Score(PlacementTask task, Appraisal appraisal) => new(
        NameOf(appraisal.Node), appraisal.Total, _state.SlotCount[appraisal.Node],
        [
            new PlugInCost(_options.Strategy.Name, appraisal.Cost),
            .. _picker.Scores.Select(score => new PlugInCost(
                ReferenceEquals(score, _options.Strategy) ? $"{score.Name} score" : score.Name,
                _picker.ScoreOf(score, task, appraisal.Node))),
        ]);

    private Dictionary<NodeName, string> Verdicts(PlacementTask task, Appraisal[] appraisals, int winner)
    {
        Dictionary<NodeName, string> verdicts = new(appraisals.Length);
        foreach (Appraisal appraisal in appraisals)
        {
            NodeName name = NameOf(appraisal.Node);
            verdicts.Add(name, appraisal.Node == winner
                ? $"{name} is where it is."
                : appraisal.Failure != FilterKind.None
                    ? $"{name} was removed by the filter "
                        + $"'{FilterNames.Of(appraisal.Failure, _options.Filters)}': {Describe(task, appraisal)}."
                    : $"{name} could run it, and costs {Score(task, appraisal)} against "
                        + $"{(winner < 0 ? "nothing" : Score(task, appraisals[winner]))}.");
        }

        return verdicts;
    }

    private string Describe(PlacementTask task, Appraisal appraisal)
    {
        NodeSpec node = _model.Nodes[appraisal.Node].Spec;
        UnitSpec unit = _model.Units[_state.Slots[task.Slots[0]].Unit].Spec!;
        return appraisal.Failure switch
        {
            FilterKind.Request => task.Shape.Invalid ?? "it asks for what cannot be",
            FilterKind.Global => "the slot is for another node, and each node has its own",
            FilterKind.Pin => $"it is pinned to {unit.Constraints.PinnedTo}",
            FilterKind.Runner => $"the node does not have the runner '{unit.Runner}'",
            FilterKind.Offers => $"the node's app does not have the code of {unit.Name}",
            FilterKind.Labels => "the node lacks a label that it must have, or has another value of it",
            FilterKind.Taints => $"the node's taints are {string.Join(", ", node.Taints)}",
            FilterKind.SpreadLabel => "the node does not have the label over which it is spread",
            FilterKind.Draining => "the node wants to leave",
            FilterKind.Cordoned => "the node takes no new units",
            FilterKind.Resources => DescribeShortage(task.Shape, appraisal.Node),
            FilterKind.Conflicts => "it conflicts with a unit on the node",
            FilterKind.SameNode => "the unit beside which it must be is not on the node",
            FilterKind.Replaces => "none of the units that it replaces is on the node",
            FilterKind.Spread => "its slots would be spread less evenly than it allows",
            _ => "the filter does not allow it",
        };
    }

    private string DescribeShortage(CompiledShape shape, int node)
    {
        foreach (Request request in shape.Requests)
        {
            long left = _state.Left(node, request.Resource);
            if (left < request.Amount)
            {
                string resource = _model.ResourceName(request.Resource);
                return $"{left} of {resource} are left, and {request.Amount} are asked for";
            }
        }

        return "the node is gone";
    }

    private NodeName NameOf(int node) => _model.Nodes[node].Spec.Name;

    private int FindSlot(SlotId slot)
    {
        int unit = _model.FindUnit(slot.Unit);
        for (int i = unit < 0 ? int.MaxValue : _state.FirstSlot[unit]; i < _state.FirstSlot[unit + 1]; i++)
        {
            if (_state.Slots[i].Number == slot.Number)
                return i;
        }

        return -1;
    }

    private readonly record struct Appraisal(int Node, FilterKind Failure, long Cost, long Total);
}
