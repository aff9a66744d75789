using System.Text;
using Coord.Kv;
using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Reconciler;

/// <summary>The scheduler's keys as a planner sees them, at one revision. Pure; one flow uses it.</summary>
/// <remarks>What cannot be read is left out, and told once: one unit's rubbish is in nobody else's way.</remarks>
internal sealed class ClusterView(SchedulerKeys keys, Action<string> onProblem)
{
    private readonly Dictionary<UnitName, SpecView> _specs = [];
    private readonly Dictionary<NodeName, NodeView> _nodes = [];
    private readonly Dictionary<(SlotId Slot, NodeName Node), SlotView> _assignments = [];
    private readonly Dictionary<SlotId, long> _fences = [];
    private readonly Dictionary<(SlotId Slot, NodeName Node), long> _stops = [];
    private readonly Dictionary<SlotId, SlotOutcome> _outcomes = [];

    public IReadOnlyDictionary<UnitName, SpecView> Specs => _specs;

    public IReadOnlyDictionary<NodeName, NodeView> Nodes => _nodes;

    /// <summary>Gets all assignments. There is at most one for a slot, unless somebody else has written.</summary>
    public IReadOnlyDictionary<(SlotId Slot, NodeName Node), SlotView> Assignments => _assignments;

    /// <summary>Gets the mod revisions of fences.</summary>
    public IReadOnlyDictionary<SlotId, long> Fences => _fences;

    /// <summary>Gets which runner's token each request to stop means.</summary>
    public IReadOnlyDictionary<(SlotId Slot, NodeName Node), long> Stops => _stops;

    /// <summary>Gets what became of runs to completion.</summary>
    public IReadOnlyDictionary<SlotId, SlotOutcome> Outcomes => _outcomes;

    /// <summary>Gets the revision up to which everything has been seen.</summary>
    public long Revision { get; private set; }

    /// <summary>Takes over the keys at a revision.</summary>
    public void Load(GetResult state)
    {
        foreach (KeyValue keyValue in state.KeyValues)
            Put(keyValue);
        Revision = state.Revision.Value;
    }

    /// <summary>Takes over a change. Returns whether it matters: what nodes say of their slots does not.</summary>
    public bool Apply(WatchEvent change)
    {
        bool matters = change.Kind is WatchEventKind.Put ? Put(change.KeyValue) : Delete(change.KeyValue);
        Revision = Math.Max(Revision, change.Revision.Value);
        return matters;
    }

    /// <summary>Says whether the life of a node that an assignment was made for is still going on.</summary>
    public bool IsAlive(SlotView assignment) =>
        _nodes.TryGetValue(assignment.Node, out NodeView? node) && node.Incarnation == assignment.Value.Incarnation;

    private bool Put(KeyValue keyValue)
    {
        ReadOnlySpan<byte> key = keyValue.Key.Span;
        if (SchedulerKeys.TryParse(key, keys.Assignments, out NodeName node, out SlotId slot))
        {
            if (Read(keyValue, SchedulerJson.Default.AssignmentValue) is { } value)
                _assignments[(slot, node)] = new(node, slot, value, keyValue.ModRevision.Value);
        }
        else if (SchedulerKeys.TryParse(key, keys.Stops, out node, out slot))
        {
            if (Read(keyValue, SchedulerJson.Default.StopValue) is { } stop)
                _stops[(slot, node)] = stop.Token.Value;
        }
        else if (SchedulerKeys.TryParse(key, keys.Fences, out slot))
        {
            _fences[slot] = keyValue.ModRevision.Value;
        }
        else if (SchedulerKeys.TryParse(key, keys.Outcomes, out slot))
        {
            if (Read(keyValue, SchedulerJson.Default.SlotOutcome) is { } outcome)
                _outcomes[slot] = outcome;
        }
        else if (TryName(key, keys.Specs, out string name) && UnitName.IsValid(name))
        {
            PutSpec(new(name), keyValue);
        }
        else if (TryName(key, keys.Nodes, out name) && NodeName.IsValid(name))
        {
            if (Read(keyValue, SchedulerJson.Default.NodeSpec) is { } spec)
                _nodes[new(name)] = new(spec with { Name = new(name) }, keyValue.CreateRevision.Value);
        }
        else
        {
            return false;
        }

        return true;
    }

    private void PutSpec(UnitName name, KeyValue keyValue)
    {
        // A spec that cannot be read takes the place of none: what runs by the one before goes on.
        if (Read(keyValue, SchedulerJson.Default.UnitSpec) is not { } spec)
            return;
        if (spec.Name == name)
            _specs[name] = new(spec, keyValue.ModRevision.Value);
        else
            onProblem($"{keyValue.KeyString} holds the spec of {spec.Name}.");
    }

    private bool Delete(KeyValue keyValue)
    {
        ReadOnlySpan<byte> key = keyValue.Key.Span;
        if (SchedulerKeys.TryParse(key, keys.Assignments, out NodeName node, out SlotId slot))
            return _assignments.Remove((slot, node));
        if (SchedulerKeys.TryParse(key, keys.Stops, out node, out slot))
            return _stops.Remove((slot, node));
        if (SchedulerKeys.TryParse(key, keys.Fences, out slot))
            return _fences.Remove(slot);
        if (SchedulerKeys.TryParse(key, keys.Outcomes, out slot))
            return _outcomes.Remove(slot);
        if (TryName(key, keys.Specs, out string name) && UnitName.IsValid(name))
            return _specs.Remove(new(name));
        return TryName(key, keys.Nodes, out name) && NodeName.IsValid(name) && _nodes.Remove(new(name));
    }

    private T? Read<T>(KeyValue keyValue, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (SchedulerJson.TryRead(keyValue, type, out T? value, out string? problem))
            return value;
        onProblem(problem);
        return null;
    }

    private static bool TryName(ReadOnlySpan<byte> key, string prefix, out string name)
    {
        string text = Encoding.UTF8.GetString(key);
        bool has = text.StartsWith(prefix, StringComparison.Ordinal);
        name = has ? text[prefix.Length..] : "";
        return has;
    }
}
