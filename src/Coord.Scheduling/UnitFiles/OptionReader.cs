namespace Coord.Scheduling.UnitFiles;

/// <summary>Reads options of one unit's file with specifiers expanded, and collects what is wrong with them.</summary>
internal sealed class OptionReader(UnitNameParts name, UnitFile file, List<string> problems)
{
    /// <summary>Gets the unit's name.</summary>
    public UnitNameParts Name { get; } = name;

    /// <summary>Gets the file.</summary>
    public UnitFile File { get; } = file;

    /// <summary>Gets what is wrong so far.</summary>
    public List<string> Problems { get; } = problems;

    /// <summary>Returns an option's values; none that cannot be expanded.</summary>
    public List<string> Values(string section, string option)
    {
        var values = new List<string>();
        foreach (string value in File.Values(section, option))
        {
            if (UnitSpecifiers.TryExpand(value, Name, out string expanded, out string error))
                values.Add(expanded);
            else
                Problems.Add($"[{section}] {option}: {error}");
        }

        return values;
    }

    /// <summary>Returns the words of all of an option's values.</summary>
    public List<string> Words(string section, string option)
    {
        var words = new List<string>();
        foreach (string value in Values(section, option))
            words.AddRange(value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words;
    }

    /// <summary>Returns the last of an option's values, or null.</summary>
    public string? Last(string section, string option) => Values(section, option) is [.., string last] ? last : null;

    /// <summary>Returns the units that an option names.</summary>
    public List<UnitName> Units(string section, string option)
    {
        var units = new List<UnitName>();
        foreach (string word in Words(section, option))
        {
            if (UnitName.IsValid(word))
                units.Add(new(word));
            else
                Problems.Add($"[{section}] {option}={word}: this cannot be a unit's name.");
        }

        return units;
    }

    /// <summary>Returns the time that an option gives, or another one.</summary>
    public TimeSpan Time(string section, string option, TimeSpan otherwise)
    {
        if (Last(section, option) is not { } text)
            return otherwise;
        return UnitValue.TryParseTime(text, out TimeSpan time)
            ? time
            : Reject(otherwise, $"[{section}] {option}={text} is no time such as 30, 500ms, 1min 30s or infinity.");
    }

    /// <summary>Returns the number that an option gives, or another one.</summary>
    public int Number(string section, string option, int min, int max, int otherwise)
    {
        if (Last(section, option) is not { } text)
            return otherwise;
        return int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int number)
            && number >= min && number <= max
                ? number
                : Reject(otherwise, $"[{section}] {option}={text} is no number from {min} to {max}.");
    }

    /// <summary>Tells a problem, and returns a value to go on with.</summary>
    public T Reject<T>(T value, string problem)
    {
        Problems.Add(problem);
        return value;
    }
}
