using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Coord.Scheduling.UnitFiles;

/// <summary>
/// A unit file as systemd and fleet write it: sections of options, of which one may occur often. Immutable.
/// </summary>
/// <remarks>
/// Lines that begin with <c>#</c> or <c>;</c> are comments. A backslash at a line's end continues it. No option is
/// known here: <see cref="UnitFileReader"/> gives them their meaning.
/// </remarks>
public sealed class UnitFile
{
    /// <summary>How long a file can be, in characters.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>How many options a file can have.</summary>
    public const int MaxOptions = 4096;

    /// <summary>How long the name of a section or an option can be, in characters.</summary>
    public const int MaxNameLength = 256;

    private UnitFile(IReadOnlyList<UnitOption> options)
    {
        Options = options;
    }

    /// <summary>Gets the options in the order of the file.</summary>
    public IReadOnlyList<UnitOption> Options { get; }

    /// <summary>Reads a unit file. Never throws, whatever the text is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">The file, if it could be read.</param>
    /// <param name="error">What is wrong, if it could not.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out UnitFile? file,
        [NotNullWhen(false)] out UnitFileError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        var options = new List<UnitOption>();
        error = text.Length > MaxLength
            ? new(0, $"The file has {text.Length} characters; {MaxLength} are allowed.")
            : new UnitFileParser(text, options).Parse();
        file = error is null ? new(options) : null;
        return file is not null;
    }

    /// <summary>Makes a unit file of options that came from elsewhere, such as fleet's API.</summary>
    /// <param name="options">The options; copied.</param>
    /// <param name="file">The file, if its text could be read again as the same options.</param>
    /// <param name="error">What is wrong, if it could not.</param>
    public static bool TryCreate(
        IReadOnlyList<UnitOption> options,
        [NotNullWhen(true)] out UnitFile? file,
        [NotNullWhen(false)] out UnitFileError? error)
    {
        ArgumentNullException.ThrowIfNull(options);
        file = null;
        UnitFile draft = new([.. options]);
        if (options.Count > MaxOptions)
        {
            error = new(0, $"There are {options.Count} options; {MaxOptions} are allowed.");
            return false;
        }

        if (options.FirstOrDefault(o => o.Section is null || o.Name is null || o.Value is null) is not null)
        {
            error = new(0, "An option has a section, a name and a value.");
            return false;
        }

        // What cannot be written as a file would be something else to whoever reads it: systemd, or a person.
        if (!TryParse(draft.ToString(), out UnitFile? read, out error))
            return false;
        if (!read.Options.SequenceEqual(draft.InOrderOfSections()))
        {
            error = new(0, "An option has a line feed, a bracket or space where a unit file cannot have it.");
            return false;
        }

        file = draft;
        return true;
    }

    /// <summary>Returns all values of an option, in order, with continued lines joined by spaces.</summary>
    /// <param name="section">The section.</param>
    /// <param name="name">The option.</param>
    /// <remarks>An empty value takes back those before it, as systemd has it for lists.</remarks>
    public IReadOnlyList<string> Values(string section, string name)
    {
        var values = new List<string>();
        foreach (UnitOption option in Options)
        {
            if (option.Section != section || option.Name != name)
                continue;
            if (option.Value.Length == 0)
                values.Clear();
            else
                values.Add(Join(option.Value));
        }

        return values;
    }

    /// <summary>Returns the last value of an option, which is the one that counts; null if there is none.</summary>
    /// <param name="section">The section.</param>
    /// <param name="name">The option.</param>
    public string? Last(string section, string name) => Values(section, name) is [.., string last] ? last : null;

    /// <summary>Returns the SHA-1 of the text in hexadecimal digits: fleet's <c>hash</c> of a unit.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "fleet's protocol has SHA-1; nothing relies on it.")]
    public string Hash() => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(ToString())));

    /// <summary>Returns the text: sections in the order in which they first occur, a blank line between them.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        string? section = null;
        foreach (UnitOption option in InOrderOfSections())
        {
            if (option.Section != section)
            {
                if (section is not null)
                    text.Append('\n');
                section = option.Section;
                text.Append('[').Append(section).Append("]\n");
            }

            text.Append(option.Name).Append('=').Append(option.Value).Append('\n');
        }

        return text.ToString();
    }

    private static string Join(string value)
    {
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        return value.Contains('\n', StringComparison.Ordinal) ? string.Join(' ', value.Split("\\\n", Clean)) : value;
    }

    private IEnumerable<UnitOption> InOrderOfSections() =>
        Options.GroupBy(option => option.Section).SelectMany(section => section);
}
