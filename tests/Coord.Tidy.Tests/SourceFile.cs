using System.Text.RegularExpressions;

namespace Coord.Tidy.Tests;

/// <summary>One C# file, split into what is code and what is comment.</summary>
/// <remarks>
/// Always true: <see cref="Text"/>, <see cref="Code"/> and <see cref="Comments"/> have the same length and the same
/// line breaks; what does not belong to a view is blank in it. Text inside string literals is in neither view.
/// </remarks>
internal sealed partial class SourceFile
{
    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        (Code, Comments) = SourceLexer.Split(text);
    }

    public string Path { get; }

    public string Text { get; }

    public string Code { get; }

    public string Comments { get; }

    public int LineOf(int offset) => Text.AsSpan(0, offset).Count('\n') + 1;

    /// <summary>Finds the members that have a body in braces, with the number of lines from header to brace.</summary>
    public IEnumerable<(int Line, int Length)> Members()
    {
        // A block is a type or namespace, a member (directly inside one of those), or something within a member.
        Stack<(bool IsContainer, int MemberStart)> blocks = new();
        int headerStart = 0;
        int parentheses = 0;
        for (int i = 0; i < Code.Length; i++)
        {
            switch (Code[i])
            {
                case '(': parentheses++; break;
                case ')': parentheses--; break;
                case ';' when parentheses == 0:
                    headerStart = i + 1;
                    break;
                case '{':
                    string header = Code[headerStart..i];
                    bool outermost = blocks.Count == 0 || blocks.Peek().IsContainer;
                    bool container = outermost && Container().IsMatch(header);
                    int start = headerStart + header.Length - header.TrimStart().Length;
                    blocks.Push((container, outermost && !container && IsMember(header) ? start : -1));
                    headerStart = i + 1;
                    break;
                case '}' when blocks.Count > 0:
                    (_, int memberStart) = blocks.Pop();
                    if (memberStart >= 0)
                        yield return (LineOf(memberStart), LineOf(i) - LineOf(memberStart) + 1);
                    headerStart = i + 1;
                    break;
            }
        }
    }

    /// <summary>Tells whether a block under this header holds steps; a table in a field initializer does not.</summary>
    private static bool IsMember(string header)
    {
        int parameters = header.IndexOf('(', StringComparison.Ordinal);
        return parameters >= 0 && !Assignment().IsMatch(header[..parameters]);
    }

    [GeneratedRegex(@"\b(namespace|class|struct|interface|record|enum|extension)\b", RegexOptions.NonBacktracking)]
    private static partial Regex Container();

    [GeneratedRegex(@"[^=!<>]=\s", RegexOptions.NonBacktracking)]
    private static partial Regex Assignment();
}
