namespace Coord.Raft;

/// <summary>Bugs planted on purpose, to prove that the simulator finds them; one is on at a time.</summary>
/// <remarks>
/// They exist in builds for the simulator alone. In all others each is a constant, and the compiler removes what
/// depends on it. A new one is a line in both lists, and a condition where it goes wrong.
/// </remarks>
internal static class Mutants
{
#if COORD_SIMULATION
    /// <summary>The storage loop answers for a batch and syncs it afterwards (raft.md, 1).</summary>
    public static bool AcknowledgeBeforeSync { get; private set; }

    /// <summary>Gets the names of all.</summary>
    public static IEnumerable<string> Names => typeof(Mutants).GetProperties()
        .Where(property => property.PropertyType == typeof(bool)).Select(property => property.Name);

    /// <summary>Turns the one of that name on and all others off; an unknown or empty name is none.</summary>
    public static void Activate(string name)
    {
        foreach (string each in Names)
            typeof(Mutants).GetProperty(each)!.SetValue(null, each == name);
    }
#else
    public const bool AcknowledgeBeforeSync = false;
#endif
}
