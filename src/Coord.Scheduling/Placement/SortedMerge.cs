namespace Coord.Scheduling.Placement;

/// <summary>Arrays in the ordinal order of a name, changed by making new ones.</summary>
internal static class SortedMerge
{
    /// <summary>Finds a name; negative if it is not there.</summary>
    public static int Find<T>(T[] items, Func<T, string> nameOf, string name)
    {
        int low = 0;
        int high = items.Length - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) >> 1);
            int order = string.CompareOrdinal(nameOf(items[middle]), name);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return ~low;
    }

    /// <summary>
    /// Makes an array with some items added, put in the place of others of the same name, or removed.
    /// </summary>
    public static T[] Apply<T>(T[] items, Func<T, string> nameOf, (string Name, T? Item)[] changes)
        where T : class
    {
        if (changes.Length == 0)
            return items;

        Array.Sort(changes, (x, y) => string.CompareOrdinal(x.Name, y.Name));
        List<T> merged = new(items.Length + changes.Length);
        int from = 0;
        foreach ((string name, T? item) in changes)
        {
            int found = Find(items, nameOf, name);
            int upTo = found < 0 ? ~found : found;
            merged.AddRange(items.AsSpan(from, upTo - from));
            if (item is not null)
                merged.Add(item);
            from = found < 0 ? upTo : upTo + 1;
        }

        merged.AddRange(items.AsSpan(from));
        return [.. merged];
    }
}
