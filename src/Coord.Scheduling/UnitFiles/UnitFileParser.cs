using System.Text;

namespace Coord.Scheduling.UnitFiles;

/// <summary>Reads the lines of one unit file, once.</summary>
internal struct UnitFileParser(string text, List<UnitOption> options)
{
    private int _position;
    private int _line;

    /// <summary>Reads all of it. Returns what is wrong, or null.</summary>
    public UnitFileError? Parse()
    {
        string? section = null;
        while (TryReadLine(out ReadOnlySpan<char> line))
        {
            line = line.Trim();
            if (line.IsEmpty || IsComment(line))
                continue;

            if (line.Contains('\0'))
                return Error("There is a NUL character.");
            if (line[0] == '[')
            {
                if (line[^1] != ']' || line.Length == 2 || line[1..^1].IndexOfAny('[', ']') >= 0)
                    return Error("A section is written [Name], with nothing else in its line.");
                section = line[1..^1].ToString();
                if (section.Length > UnitFile.MaxNameLength)
                    return Error($"A section's name has at most {UnitFile.MaxNameLength} characters.");
            }
            else if (ReadOption(section, line) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static bool IsComment(ReadOnlySpan<char> line) => line[0] is '#' or ';';

    private UnitFileError? ReadOption(string? section, ReadOnlySpan<char> line)
    {
        UnitFileError at = Error("");
        if (section is null)
            return at with { Message = "An option comes after the [Section] to which it belongs." };

        int equals = line.IndexOf('=');
        if (equals < 0)
            return at with { Message = "An option is written Name=Value." };
        string name = line[..equals].TrimEnd().ToString();
        if (name.Length is 0 or > UnitFile.MaxNameLength)
            return at with { Message = $"An option's name has 1 to {UnitFile.MaxNameLength} characters." };
        if (options.Count == UnitFile.MaxOptions)
            return at with { Message = $"A file has at most {UnitFile.MaxOptions} options." };

        string value = ReadValue(line[(equals + 1)..].TrimStart());
        if (value.Contains('\0', StringComparison.Ordinal))
            return at with { Message = "There is a NUL character." };
        options.Add(new(section, name, value));
        return null;
    }

    /// <summary>Joins the lines that a backslash continues, with that backslash and a line feed between them.</summary>
    private string ReadValue(ReadOnlySpan<char> first)
    {
        if (!first.EndsWith("\\"))
            return first.ToString();

        var value = new StringBuilder().Append(first);
        while (TryReadLine(out ReadOnlySpan<char> line))
        {
            line = line.Trim();
            // systemd leaves comments out in the middle of a continued value. A blank line ends it, as in fleet.
            if (line.IsEmpty)
                break;
            if (IsComment(line))
                continue;
            value.Append('\n').Append(line);
            if (!line.EndsWith("\\"))
                return value.ToString();
        }

        // Nothing follows the last backslash: it continues nothing.
        value.Length--;
        return value.ToString().TrimEnd();
    }

    private bool TryReadLine(out ReadOnlySpan<char> line)
    {
        line = default;
        if (_position >= text.Length)
            return false;

        ReadOnlySpan<char> rest = text.AsSpan(_position);
        int end = rest.IndexOfAny('\r', '\n');
        line = end < 0 ? rest : rest[..end];
        _position += end < 0 ? rest.Length : end + 1;
        // A carriage return and the line feed after it end one line.
        if (end >= 0 && rest[end] == '\r' && _position < text.Length && text[_position] == '\n')
            _position++;
        _line++;
        return true;
    }

    private readonly UnitFileError Error(string message) => new(_line, message);
}
