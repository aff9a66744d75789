using System.Diagnostics.CodeAnalysis;
using System.Text;
using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Runners;

/// <summary>A command line of a service, such as <c>ExecStart</c>. Immutable.</summary>
/// <param name="Arguments">The program and its arguments.</param>
/// <param name="MayFail">Whether its failure is no failure: a dash before it.</param>
internal sealed record ServiceCommand(string[] Arguments, bool MayFail)
{
    /// <summary>Reads a command line, with specifiers expanded and variables in their place. Never throws.</summary>
    /// <remarks>
    /// As systemd: <c>$NAME</c> as a word of its own is split into words, <c>${NAME}</c> is put in its place, a
    /// variable that does not exist is empty, <c>$$</c> is one dollar sign.
    /// </remarks>
    public static bool TryParse(
        string text,
        UnitNameParts? name,
        IReadOnlyDictionary<string, string> variables,
        [NotNullWhen(true)] out ServiceCommand? command,
        out string problem)
    {
        command = null;
        problem = "";
        bool mayFail = text.StartsWith('-');
        string line = mayFail ? text[1..].TrimStart() : text;
        if (!UnitValue.TrySplitWords(line, out IReadOnlyList<string> words))
        {
            problem = $"'{text}' has a quote that nothing closes.";
            return false;
        }

        var arguments = new List<string>();
        foreach (string word in words)
        {
            string expanded = word;
            if (name is not null && !UnitSpecifiers.TryExpand(word, name, out expanded, out problem))
                return false;
            if (expanded.Length > 1 && expanded[0] == '$' && IsName(expanded.AsSpan(1)))
                arguments.AddRange(Split(variables.GetValueOrDefault(expanded[1..], "")));
            else
                arguments.Add(Substitute(expanded, variables));
        }

        if (arguments.Count == 0 || arguments[0].Length == 0)
        {
            problem = $"'{text}' names no program.";
            return false;
        }

        command = new([.. arguments], mayFail);
        return true;
    }

    private static string[] Split(string value) => value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                return false;
        }

        return !text.IsEmpty && !char.IsAsciiDigit(text[0]);
    }

    private static string Substitute(string word, IReadOnlyDictionary<string, string> variables)
    {
        if (!word.Contains('$', StringComparison.Ordinal))
            return word;

        var text = new StringBuilder();
        for (int i = 0; i < word.Length; i++)
        {
            int end = word[i] == '$' && i + 1 < word.Length && word[i + 1] == '{'
                ? word.IndexOf('}', i)
                : -1;
            if (end > 0 && IsName(word.AsSpan((i + 2)..end)))
            {
                text.Append(variables.GetValueOrDefault(word[(i + 2)..end], ""));
                i = end;
                continue;
            }

            if (word[i] == '$' && i + 1 < word.Length && word[i + 1] == '$')
                i++;
            text.Append(word[i]);
        }

        return text.ToString();
    }
}
