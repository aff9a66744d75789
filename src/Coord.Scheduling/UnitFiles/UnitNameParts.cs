using System.Diagnostics.CodeAnalysis;

namespace Coord.Scheduling.UnitFiles;

/// <summary>
/// The parts of the name of a unit that comes from a unit file: <c>prefix@instance.suffix</c>. Immutable.
/// </summary>
/// <param name="Full">The whole name.</param>
/// <param name="Name">The name without its suffix.</param>
/// <param name="Prefix">What comes before the first <c>@</c>; the name without its suffix if there is none.</param>
/// <param name="Instance">What comes after it; empty for a template, and for a name without <c>@</c>.</param>
/// <param name="Suffix">The type of unit, such as <c>service</c>.</param>
public sealed record UnitNameParts(UnitName Full, string Name, string Prefix, string Instance, string Suffix)
{
    private static readonly string[] Suffixes =
    [
        "automount", "busname", "device", "mount", "path", "scope", "service", "slice", "snapshot", "socket", "swap",
        "target", "timer",
    ];

    private static readonly string[] TemplateSuffixes = ["path", "service", "socket", "target", "timer"];

    /// <summary>Gets a value indicating whether other units are made of this one, and it is never run itself.</summary>
    public bool IsTemplate => Instance.Length == 0 && Name.Length > Prefix.Length;

    /// <summary>Gets a value indicating whether the unit is made of a template.</summary>
    public bool IsInstance => Instance.Length > 0;

    /// <summary>Gets the name of the template of which this is an instance; none if it is no instance.</summary>
    public UnitName Template => IsInstance ? new($"{Prefix}@.{Suffix}") : default;

    /// <summary>Takes a name apart. Never throws.</summary>
    /// <param name="text">The name.</param>
    /// <param name="parts">The parts, if it can be the name of a unit file.</param>
    /// <param name="reason">Why it cannot, in one sentence for people.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out UnitNameParts? parts, out string reason)
    {
        parts = null;
        reason = Problem(text);
        if (reason.Length > 0)
            return false;

        int dot = text!.LastIndexOf('.');
        string name = text[..dot];
        int at = name.IndexOf('@', StringComparison.Ordinal);
        parts = at < 0
            ? new(new(text), name, name, "", text[(dot + 1)..])
            : new(new(text), name, name[..at], name[(at + 1)..], text[(dot + 1)..]);
        return true;
    }

    private static string Problem(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "A unit needs a name.";
        if (text.Length > UnitName.MaxLength)
            return $"A unit's name has at most {UnitName.MaxLength} characters.";
        if (!UnitName.IsValid(text))
            return "A unit's name has the characters A-Z a-z 0-9 : _ . @ \\ and - only.";
        string suffix = text[(text.LastIndexOf('.') + 1)..];
        if (suffix.Length == text.Length || !Suffixes.Contains(suffix))
            return $"A unit file's name ends in its type, such as .service; known are {string.Join(", ", Suffixes)}.";
        if (text.Length == suffix.Length + 1 || text[0] == '@')
            return "A unit's name begins with something before its @ and its type.";
        return text.Contains('@', StringComparison.Ordinal) && !TemplateSuffixes.Contains(suffix)
            ? $"Templates and instances are of the types {string.Join(", ", TemplateSuffixes)}, and not .{suffix}."
            : "";
    }
}
