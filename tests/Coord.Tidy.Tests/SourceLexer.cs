namespace Coord.Tidy.Tests;

/// <summary>Tells C# code from comments and literals; knows just enough of the language for the rules here.</summary>
internal ref struct SourceLexer
{
    private readonly string _text;
    private readonly char[] _code;
    private readonly char[] _comments;
    private int _position;

    private SourceLexer(string text)
    {
        _text = text;
        _code = Blank(text);
        _comments = Blank(text);
    }

    public static (string Code, string Comments) Split(string text)
    {
        SourceLexer lexer = new(text);
        lexer.ReadCode(insideHole: false);
        return (new string(lexer._code), new string(lexer._comments));
    }

    /// <summary>Reads code up to the end, or up to the brace that closes a hole of an interpolated string.</summary>
    private void ReadCode(bool insideHole)
    {
        int depth = 0;
        while (_position < _text.Length)
        {
            if (At("//"))
                CopyComment(EndOf("\n"));
            else if (At("/*"))
                CopyComment(EndOf("*/"));
            else if (At("'"))
                SkipQuoted('\'', verbatim: false, interpolated: false);
            else if (_text[_position] is '"' or '$' or '@' && TrySkipString())
                continue;
            else
            {
                char c = _text[_position];
                if (insideHole && c == '}' && depth == 0)
                    return;

                depth += c switch { '{' => 1, '}' => -1, _ => 0 };
                _code[_position++] = c;
            }
        }
    }

    private bool TrySkipString()
    {
        int quote = _position;
        while (quote < _text.Length && _text[quote] is '$' or '@')
            quote++;

        if (quote == _text.Length || _text[quote] != '"')
            return false;

        string prefix = _text[_position..quote];
        _position = quote;
        int quotes = 0;
        while (quote + quotes < _text.Length && _text[quote + quotes] == '"')
            quotes++;

        if (quotes >= 3)
        {
            // A raw literal ends with as many quotes as it began with. Its holes are not looked into.
            _position += quotes;
            _position = EndOf(new string('"', quotes));
            return true;
        }

        SkipQuoted('"', prefix.Contains('@', StringComparison.Ordinal), prefix.Contains('$', StringComparison.Ordinal));
        return true;
    }

    private void SkipQuoted(char quote, bool verbatim, bool interpolated)
    {
        _position++;
        while (_position < _text.Length)
        {
            char c = _text[_position++];
            bool doubled = _position < _text.Length && _text[_position] == c;
            if (c == '\\' && !verbatim)
                _position++;
            else if (c == '{' && interpolated && !doubled)
                ReadCode(insideHole: true);
            else if ((c == quote && verbatim && doubled) || (c == '{' && interpolated))
                _position++;
            else if (c == quote)
                return;
        }
    }

    private void CopyComment(int end)
    {
        _text.AsSpan(_position, end - _position).CopyTo(_comments.AsSpan(_position));
        _position = end;
    }

    private readonly bool At(string token) =>
        string.CompareOrdinal(_text, _position, token, 0, token.Length) == 0;

    private readonly int EndOf(string token)
    {
        int start = _text.IndexOf(token, _position, StringComparison.Ordinal);
        return start < 0 ? _text.Length : start + token.Length;
    }

    private static char[] Blank(string text) => [.. text.Select(c => c == '\n' ? '\n' : ' ')];
}
