using System.Buffers;
using System.Diagnostics;

namespace Coord.AspNetCore.Gateway;

/// <summary>Finds where one JSON value ends in a stream of bytes, and what is wrong with one that is none.</summary>
/// <remarks>
/// <para>
/// <c>Utf8JsonReader</c> reads the values; this is before it for two reasons. A body may hold many values, may stay
/// open behind each, and must be cut while it comes, each byte looked at once. And the texts of the errors are part of
/// the API that this gateway has to keep: they are those of the JSON package of Go, down to the letter.
/// </para>
/// <para>
/// A value type that is fed piece by piece; memory is one bit for each level of nesting, of which there is a bound.
/// </para>
/// </remarks>
internal struct JsonScanner
{
    /// <summary>How deep values may nest, as in Go.</summary>
    public const int MaxDepth = 10_000;

    private static readonly SearchValues<byte> StringBreaks = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private State _state;
    private string? _literal;
    private int _position;
    private int _depth;
    private bool _inKey;
    private byte[]? _objects;

    private enum State
    {
        Value,
        ValueOrArrayEnd,
        KeyOrObjectEnd,
        Key,
        AfterValue,
        Text,
        Escape,
        UnicodeEscape,
        Minus,
        Zero,
        Digits,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
        Literal,
        Done,
    }

    /// <summary>Gets a value indicating whether anything but white space has been seen.</summary>
    public bool Started { get; private set; }

    /// <summary>Gets a value indicating whether the value has ended.</summary>
    public readonly bool Ended => _state is State.Done;

    /// <summary>Looks at the next bytes, up to the end of the value.</summary>
    /// <param name="bytes">What follows the bytes that were looked at before.</param>
    /// <returns>How many of the bytes belong to the value, or are white space before it.</returns>
    /// <exception cref="JsonFormatException">This is no JSON.</exception>
    public int Scan(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(!Ended, "A scanner is for one value.");
        int index = 0;
        while (index < bytes.Length && !Ended)
        {
            if (_state is State.Text)
            {
                int run = bytes[index..].IndexOfAny(StringBreaks);
                if (run != 0)
                {
                    index = run < 0 ? bytes.Length : index + run;
                    continue;
                }
            }

            // A number has no end of its own: what follows it at the top is not part of it.
            if (Step(bytes[index]))
                index++;
        }

        return index;
    }

    /// <summary>Says that no more bytes come.</summary>
    /// <returns>Whether the value is whole; not so if it is cut off, or if there is none.</returns>
    public bool Finish()
    {
        if (_depth == 0 && _state is State.Zero or State.Digits or State.Fraction or State.ExponentDigits)
            _state = State.Done;
        return Ended;
    }

    /// <summary>Looks at a byte. Returns false if a number ended before it and it must be looked at again.</summary>
    private bool Step(byte next)
    {
        Started |= !IsSpace(next);
        switch (_state)
        {
            case State.Value or State.ValueOrArrayEnd or State.Key or State.KeyOrObjectEnd or State.AfterValue:
                if (!IsSpace(next))
                    StepBetween(next);
                return true;
            case State.Text or State.Escape or State.UnicodeEscape:
                StepInText(next);
                return true;
            case State.Literal:
                StepInLiteral(next);
                return true;
            default:
                return StepInNumber(next);
        }
    }

    private void StepBetween(byte next)
    {
        switch (_state)
        {
            case State.ValueOrArrayEnd when next == ']':
            case State.KeyOrObjectEnd when next == '}':
                Close();
                break;
            case State.Value or State.ValueOrArrayEnd:
                BeginValue(next);
                break;
            case State.Key or State.KeyOrObjectEnd:
                if (next != '"')
                    throw Unexpected(next, "looking for beginning of object key string");
                _inKey = true;
                _state = State.Text;
                break;
            default:
                StepAfterValue(next);
                break;
        }
    }

    private void StepAfterValue(byte next)
    {
        bool inObject = InObject;
        if (_inKey)
        {
            if (next != ':')
                throw Unexpected(next, "after object key");
            _inKey = false;
            _state = State.Value;
        }
        else if (next == ',')
        {
            _state = inObject ? State.Key : State.Value;
        }
        else if (next == (inObject ? '}' : ']'))
        {
            Close();
        }
        else
        {
            throw Unexpected(next, inObject ? "after object key:value pair" : "after array element");
        }
    }

    private void BeginValue(byte next)
    {
        switch (next)
        {
            case (byte)'{': Open(next, State.KeyOrObjectEnd); break;
            case (byte)'[': Open(next, State.ValueOrArrayEnd); break;
            case (byte)'"': _state = State.Text; break;
            case (byte)'-': _state = State.Minus; break;
            case (byte)'0': _state = State.Zero; break;
            case >= (byte)'1' and <= (byte)'9': _state = State.Digits; break;
            case (byte)'t': BeginLiteral("true"); break;
            case (byte)'f': BeginLiteral("false"); break;
            case (byte)'n': BeginLiteral("null"); break;
            default: throw Unexpected(next, "looking for beginning of value");
        }
    }

    private void StepInText(byte next)
    {
        switch (_state)
        {
            case State.Text when next == '"': EndValue(); break;
            case State.Text when next == '\\': _state = State.Escape; break;
            case State.Text:
                if (next < 0x20)
                    throw Unexpected(next, "in string literal");
                break;
            case State.Escape when next == 'u':
                _position = 0;
                _state = State.UnicodeEscape;
                break;
            case State.Escape:
                if (!"\"\\/bfnrt".Contains((char)next))
                    throw Unexpected(next, "in string escape code");
                _state = State.Text;
                break;
            default:
                if (!char.IsAsciiHexDigit((char)next))
                    throw Unexpected(next, "in \\u hexadecimal character escape");
                if (++_position == 4)
                    _state = State.Text;
                break;
        }
    }

    private bool StepInNumber(byte next)
    {
        bool digit = char.IsAsciiDigit((char)next);
        State state = (_state, (char)next) switch
        {
            (State.Minus, '0') => State.Zero,
            (State.Minus, _) => digit ? State.Digits : throw Unexpected(next, "in numeric literal"),
            (State.Digits, _) when digit => State.Digits,
            (State.Zero or State.Digits, '.') => State.Point,
            (State.Point, _) => digit
                ? State.Fraction
                : throw Unexpected(next, "after decimal point in numeric literal"),
            (State.Fraction, _) when digit => State.Fraction,
            (State.Zero or State.Digits or State.Fraction, 'e' or 'E') => State.Exponent,
            (State.Exponent, '+' or '-') => State.ExponentSign,
            (State.Exponent or State.ExponentSign, _) => digit
                ? State.ExponentDigits
                : throw Unexpected(next, "in exponent of numeric literal"),
            (State.ExponentDigits, _) when digit => State.ExponentDigits,
            _ => State.AfterValue,
        };
        if (state is State.AfterValue)
        {
            EndValue();
            return false;
        }

        _state = state;
        return true;
    }

    private void BeginLiteral(string literal)
    {
        _literal = literal;
        _position = 1;
        _state = State.Literal;
    }

    private void StepInLiteral(byte next)
    {
        if (next != _literal![_position])
            throw Unexpected(next, $"in literal {_literal} (expecting '{_literal[_position]}')");
        if (++_position == _literal.Length)
            EndValue();
    }

    private void EndValue() => _state = _depth == 0 ? State.Done : State.AfterValue;

    private readonly bool InObject => (_objects![(_depth - 1) >> 3] & (1 << ((_depth - 1) & 7))) != 0;

    private void Open(byte bracket, State state)
    {
        if (_depth == MaxDepth)
            throw Unexpected(bracket, "exceeded max depth");

        _objects ??= new byte[8];
        if (_depth >> 3 == _objects.Length)
            Array.Resize(ref _objects, _objects.Length * 2);
        int bit = 1 << (_depth & 7);
        ref byte eight = ref _objects[_depth >> 3];
        eight = (byte)(bracket == '{' ? eight | bit : eight & ~bit);
        _depth++;
        _state = state;
    }

    private void Close()
    {
        _depth--;
        EndValue();
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static JsonFormatException Unexpected(byte value, string where) =>
        new($"invalid character {GoText.Quote(value)} {where}");
}
