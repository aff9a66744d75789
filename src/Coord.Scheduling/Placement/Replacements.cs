using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Placement;

/// <summary>Which units take the place of which others.</summary>
/// <remarks>
/// Units that replace each other, directly or around a circle, would do so for ever: they merely do not share a node.
/// </remarks>
internal sealed class Replacements(PlacementModel model)
{
    // Circles are looked for among so many units that replace others. With more, none of those is replaced.
    private const int MaxReplacing = 256;

    private readonly Dictionary<int, int[]> _replaced = [];
    private List<int>? _replacing;
    private List<int>[]? _matching; // the units whose names each pattern matches

    /// <summary>Gets the units that a unit takes the place of.</summary>
    public int[] Of(int unit)
    {
        if (_replaced.TryGetValue(unit, out int[]? replaced))
            return replaced;

        _replacing ??= [.. Enumerable.Range(0, model.Units.Length).Where(HasPatterns)];
        _matching ??= Invert();
        IEnumerable<int> found = model.Units[unit].Spec!.Constraints.Replaces
            .SelectMany(pattern => _matching[model.Patterns.Add(pattern)]).Distinct().Order();
        return _replaced[unit] =
            [.. found.Where(other => other != unit && !(HasPatterns(other) && Reaches(other, unit)))];
    }

    private List<int>[] Invert()
    {
        List<int>[] matching = new List<int>[model.Patterns.Count];
        for (int pattern = 0; pattern < matching.Length; pattern++)
            matching[pattern] = [];
        for (int unit = 0; unit < model.Units.Length; unit++)
        {
            foreach (int pattern in model.Matched[unit] ?? [])
                matching[pattern].Add(unit);
        }

        return matching;
    }

    private bool HasPatterns(int unit) => model.Units[unit].Spec is { Constraints.Replaces.Count: > 0 };

    private bool Matches(int unit, int other) =>
        model.Units[unit].Spec!.Constraints.Replaces
            .Any(pattern => UnitGlob.IsMatch(pattern, model.Units[other].Name.Value));

    private bool Reaches(int from, int to)
    {
        if (_replacing!.Count > MaxReplacing)
            return true;

        HashSet<int> seen = [from];
        Stack<int> open = new([from]);
        while (open.TryPop(out int unit))
        {
            foreach (int next in _replacing.Where(next => next != unit && Matches(unit, next)))
            {
                if (next == to)
                    return true;
                if (seen.Add(next))
                    open.Push(next);
            }
        }

        return false;
    }
}
