using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Coord.Scheduling;

/// <summary>Where in the store the scheduler keeps what. Immutable.</summary>
/// <remarks>Names of units and nodes have no slash, so the parts of a key are told apart by it.</remarks>
public sealed class SchedulerKeys
{
    /// <summary>The prefix of all keys, unless another one is chosen.</summary>
    public const string DefaultPrefix = "/coord/sched/";

    /// <summary>Initializes the keys under a prefix.</summary>
    /// <param name="prefix">The prefix; it ends in a slash.</param>
    /// <exception cref="ArgumentException">It does not.</exception>
    public SchedulerKeys(string prefix = DefaultPrefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (!prefix.EndsWith('/'))
            throw new ArgumentException("A prefix of keys ends in a slash.", nameof(prefix));
        Prefix = prefix;
    }

    /// <summary>Gets the prefix of all keys.</summary>
    public string Prefix { get; }

    /// <summary>Gets the key of the node that plans. Its create revision is the planner's epoch.</summary>
    public string Leader => Prefix + "leader";

    /// <summary>Gets the prefix of specs.</summary>
    public string Specs => Prefix + "spec/";

    /// <summary>Gets the prefix of nodes.</summary>
    public string Nodes => Prefix + "node/";

    /// <summary>Gets the prefix of all nodes' assignments.</summary>
    public string Assignments => Prefix + "assign/";

    /// <summary>Gets the prefix of fences.</summary>
    public string Fences => Prefix + "fence/";

    /// <summary>Gets the prefix of requests to stop.</summary>
    public string Stops => Prefix + "stop/";

    /// <summary>Gets the prefix of what nodes say of their slots.</summary>
    public string Statuses => Prefix + "status/";

    /// <summary>Gets the prefix of what became of runs to completion.</summary>
    public string Outcomes => Prefix + "done/";

    /// <summary>Returns the key of a spec.</summary>
    /// <param name="unit">The unit.</param>
    public string Spec(UnitName unit) => Specs + unit.Value;

    /// <summary>
    /// Returns the key of a node. It carries the node's lease; its create revision is the incarnation.
    /// </summary>
    /// <param name="node">The node.</param>
    public string Node(NodeName node) => Nodes + node.Value;

    /// <summary>Returns the key of what a node reports of its load.</summary>
    /// <param name="node">The node.</param>
    public string Load(NodeName node) => $"{Prefix}load/{node}";

    /// <summary>Returns the prefix of one node's assignments.</summary>
    /// <param name="node">The node.</param>
    public string AssignmentsOf(NodeName node) => $"{Assignments}{node}/";

    /// <summary>Returns the key of an assignment.</summary>
    /// <param name="node">The node.</param>
    /// <param name="slot">The slot.</param>
    public string Assignment(NodeName node, SlotId slot) => AssignmentsOf(node) + Of(slot);

    /// <summary>Returns the key that says who runs a slot. Its mod revision is the runner's token.</summary>
    /// <param name="slot">The slot.</param>
    public string Fence(SlotId slot) => Fences + Of(slot);

    /// <summary>Returns the prefix of what one node is asked to stop.</summary>
    /// <param name="node">The node.</param>
    public string StopsOf(NodeName node) => $"{Stops}{node}/";

    /// <summary>Returns the key of a request to stop.</summary>
    /// <param name="node">The node.</param>
    /// <param name="slot">The slot.</param>
    public string Stop(NodeName node, SlotId slot) => StopsOf(node) + Of(slot);

    /// <summary>Returns the key of what a node says of a slot.</summary>
    /// <param name="node">The node.</param>
    /// <param name="slot">The slot.</param>
    public string Status(NodeName node, SlotId slot) => $"{Statuses}{node}/{Of(slot)}";

    /// <summary>Returns the key of what became of a run to completion.</summary>
    /// <param name="slot">The slot.</param>
    public string Outcome(SlotId slot) => Outcomes + Of(slot);

    /// <summary>Returns the key of a unit's rollout.</summary>
    /// <param name="unit">The unit.</param>
    public string Rollout(UnitName unit) => $"{Prefix}rollout/{unit}";

    /// <summary>Returns the key that makes a firing of a schedule unique.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="instant">The instant.</param>
    public string Firing(UnitName unit, DateTimeOffset instant) =>
        $"{Prefix}cron/{unit}/{instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>Returns the key of the holders of a maintenance lock.</summary>
    /// <param name="group">The group; no slash.</param>
    public string Lock(string group) => $"{Prefix}lock/{group}";

    /// <summary>Reads a node and a slot from a key under a prefix, such as those of assignments.</summary>
    /// <param name="key">The key.</param>
    /// <param name="prefix">The prefix, such as <see cref="Assignments"/>.</param>
    /// <param name="node">The node.</param>
    /// <param name="slot">The slot.</param>
    public static bool TryParse(ReadOnlySpan<byte> key, string prefix, out NodeName node, out SlotId slot)
    {
        (node, slot) = (default, default);
        if (!TryRest(key, prefix, out string? rest))
            return false;
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !NodeName.IsValid(rest[..slash]))
            return false;
        node = new(rest[..slash]);
        return TryParseSlot(rest[(slash + 1)..], out slot);
    }

    /// <summary>Reads a slot from a key under a prefix, such as that of fences.</summary>
    /// <param name="key">The key.</param>
    /// <param name="prefix">The prefix, such as <see cref="Fences"/>.</param>
    /// <param name="slot">The slot.</param>
    public static bool TryParse(ReadOnlySpan<byte> key, string prefix, out SlotId slot)
    {
        slot = default;
        return TryRest(key, prefix, out string? rest) && TryParseSlot(rest, out slot);
    }

    private static bool TryRest(ReadOnlySpan<byte> key, string prefix, [NotNullWhen(true)] out string? rest)
    {
        // Keys of others under the prefix may be anything, also no text.
        string text = Encoding.UTF8.GetString(key);
        rest = text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : null;
        return rest is not null;
    }

    private static bool TryParseSlot(string text, out SlotId slot)
    {
        slot = default;
        int slash = text.LastIndexOf('/');
        if (slash < 0 || !UnitName.IsValid(text[..slash])
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number.ToString(CultureInfo.InvariantCulture) != text[(slash + 1)..])
        {
            return false;
        }

        slot = new(new(text[..slash]), number);
        return true;
    }

    private static string Of(SlotId slot) => string.Create(CultureInfo.InvariantCulture, $"{slot.Unit}/{slot.Number}");
}
