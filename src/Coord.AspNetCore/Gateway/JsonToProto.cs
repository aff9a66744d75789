using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace Coord.AspNetCore.Gateway;

/// <summary>Translates a message from the protocol's JSON to its binary encoding.</summary>
/// <remarks>
/// Names come in two spellings, unknown ones are passed over, the last of several counts. 64-bit integers may be
/// strings, enums names or numbers, bytes base64 or an array of numbers, and null means absent. What does not fit is
/// refused with the text of Go's JSON package, because that is what etcd's clients know.
/// </remarks>
internal ref struct JsonToProto
{
    /// <summary>How deep messages may nest: twice what a transaction of 128 operations can.</summary>
    public const int MaxNesting = 2 * 2 * 128;

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private readonly WireBuffer _wire;
    private Utf8JsonReader _json;
    private int _nesting;

    private JsonToProto(ReadOnlySpan<byte> json, WireBuffer wire)
    {
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonScanner.MaxDepth });
        _wire = wire;
    }

    /// <summary>Appends a message.</summary>
    /// <param name="json">One value that the scanner has passed.</param>
    /// <param name="schema">The type of the message.</param>
    /// <param name="wire">Where to.</param>
    /// <exception cref="JsonFormatException">The value does not fit the type.</exception>
    public static void Translate(ReadOnlySpan<byte> json, MessageSchema schema, WireBuffer wire)
    {
        JsonToProto translation = new(json, wire);
        translation._json.Read();
        if (translation._json.TokenType is not JsonTokenType.Null)
            translation.ReadMessage(schema);
    }

    private void ReadMessage(MessageSchema schema)
    {
        if (_json.TokenType is not JsonTokenType.StartObject)
            throw Mismatch("map[string]json.RawMessage");
        if (++_nesting > MaxNesting)
            throw new JsonFormatException($"messages nest deeper than {MaxNesting}");

        Span<(int Start, int End)> places = stackalloc (int, int)[schema.Fields.Length];
        places.Clear();
        while (_json.Read() && _json.TokenType is JsonTokenType.PropertyName)
        {
            FieldSchema? field = FindField(schema);
            _json.Read();
            if (field is null)
            {
                _json.Skip();
                continue;
            }

            RemoveEarlier(places, field.Index);
            int start = _wire.Length;
            ReadField(field);
            places[field.Index] = (start, _wire.Length);
        }

        _nesting--;
    }

    /// <summary>Takes out what was written for a field: a name that comes twice replaces, it does not add.</summary>
    private readonly void RemoveEarlier(Span<(int Start, int End)> places, int index)
    {
        (int start, int end) = places[index];
        if (start == end)
            return;

        _wire.Remove(start, end);
        foreach (ref (int Start, int End) place in places)
        {
            if (place.Start >= end)
                place = (place.Start - (end - start), place.End - (end - start));
        }
    }

    private readonly FieldSchema? FindField(MessageSchema schema)
    {
        foreach (FieldSchema field in schema.Fields)
        {
            if (_json.ValueTextEquals(field.Name) || _json.ValueTextEquals(field.CamelName))
                return field;
        }

        return null;
    }

    private void ReadField(FieldSchema field)
    {
        if (!field.IsRepeated)
        {
            // Of several alternatives it matters which one is there, even if its value is nothing.
            bool absent = _json.TokenType is JsonTokenType.Null
                && (!field.IsOneof || field.Type is FieldType.Message);
            if (!absent)
                ReadValue(field);
            return;
        }

        if (_json.TokenType is JsonTokenType.Null)
            return;
        if (_json.TokenType is not JsonTokenType.StartArray)
            throw Mismatch("[]json.RawMessage");
        while (_json.Read() && _json.TokenType is not JsonTokenType.EndArray)
            ReadValue(field);
    }

    private void ReadValue(FieldSchema field)
    {
        _wire.WriteTag(field);
        switch (field.Type)
        {
            case FieldType.Message:
                if (_json.TokenType is JsonTokenType.Null)
                    throw new JsonFormatException("null is no element of a list of messages");
                int start = _wire.BeginMessage();
                ReadMessage(field.Message);
                _wire.EndMessage(start);
                break;
            case FieldType.Bytes:
                ReadBytes(field);
                break;
            case FieldType.String:
                ReadString(field);
                break;
            case FieldType.Bool:
                if (_json.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                    throw Mismatch(field.GoType);
                _wire.WriteVarint(_json.TokenType is JsonTokenType.True ? 1UL : 0);
                break;
            case FieldType.Enum when _json.TokenType is JsonTokenType.String:
                _wire.WriteVarint((ulong)FindEnum(field));
                break;
            default:
                ReadInteger(field);
                break;
        }
    }

    private void ReadBytes(FieldSchema field)
    {
        switch (_json.TokenType)
        {
            case JsonTokenType.Null:
                _wire.WriteVarint(0);
                return;
            case JsonTokenType.StartArray:
                ReadByteArray();
                return;
            case JsonTokenType.String when _json.ValueIsEscaped:
                byte[] rented = ArrayPool<byte>.Shared.Rent(_json.ValueSpan.Length);
                ReadBase64(rented.AsSpan(0, JsonText.Unescape(_json.ValueSpan, rented)));
                ArrayPool<byte>.Shared.Return(rented);
                return;
            case JsonTokenType.String:
                ReadBase64(_json.ValueSpan);
                return;
            default:
                throw Mismatch(field.GoType);
        }
    }

    private readonly void ReadBase64(ReadOnlySpan<byte> text)
    {
        int start = _wire.BeginMessage();
        _wire.Advance(JsonText.Decode(text, _wire.GetSpan(Base64.GetMaxDecodedFromUtf8Length(text.Length) + 3)));
        _wire.EndMessage(start);
    }

    private void ReadByteArray()
    {
        const string Element = "uint8";
        int start = _wire.BeginMessage();
        while (_json.Read() && _json.TokenType is not JsonTokenType.EndArray)
        {
            byte value = 0;
            if (_json.TokenType is not JsonTokenType.Null
                && (_json.TokenType is not JsonTokenType.Number || !_json.TryGetByte(out value)))
            {
                throw Mismatch(Element);
            }

            _wire.GetSpan(1)[0] = value;
            _wire.Advance(1);
        }

        _wire.EndMessage(start);
    }

    private readonly void ReadString(FieldSchema field)
    {
        if (_json.TokenType is JsonTokenType.Null)
        {
            _wire.WriteVarint(0);
            return;
        }

        if (_json.TokenType is not JsonTokenType.String)
            throw Mismatch(field.GoType);
        ReadOnlySpan<byte> text = _json.ValueSpan;
        if (!_json.ValueIsEscaped)
        {
            JsonText.WriteUtf8(text, _wire);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(text.Length);
        JsonText.WriteUtf8(rented.AsSpan(0, JsonText.Unescape(text, rented)), _wire);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private readonly long FindEnum(FieldSchema field)
    {
        foreach ((byte[] name, int number) in field.EnumValues)
        {
            if (_json.ValueSpan.SequenceEqual(name))
                return number;
        }

        throw new JsonFormatException(
            $"unknown value {GoText.Quote(_json.ValueSpan)} for enum {field.GoType}");
    }

    private readonly void ReadInteger(FieldSchema field)
    {
        switch (_json.TokenType)
        {
            case JsonTokenType.Null:
                _wire.WriteVarint(0);
                break;
            case JsonTokenType.Number:
                _wire.WriteVarint(ParseInteger(_json.ValueSpan, field));
                break;
            case JsonTokenType.String:
                _wire.WriteVarint(ReadQuoted(_json.ValueSpan, field));
                break;
            default:
                throw Mismatch(field.GoType);
        }
    }

    /// <summary>Reads a number in quotes: what is between them is JSON once more.</summary>
    private static ulong ReadQuoted(ReadOnlySpan<byte> text, FieldSchema field)
    {
        JsonScanner scanner = default;
        int end = scanner.Scan(text);

        // At its end a text counts as if a blank followed: that ends a number, and is wrong where there must be more.
        if (!scanner.Ended)
            scanner.Scan(" "u8);
        if (!scanner.Ended)
            throw new JsonFormatException("unexpected end of JSON input");

        ReadOnlySpan<byte> rest = text[end..].TrimStart(Blanks);
        if (!rest.IsEmpty)
            throw new JsonFormatException($"invalid character {GoText.Quote(rest[0])} after top-level value");

        ReadOnlySpan<byte> value = text[..end].Trim(Blanks);
        return value[0] switch
        {
            (byte)'n' => 0,
            (byte)'t' or (byte)'f' => throw JsonFormatException.Mismatch("bool", field.GoType),
            (byte)'[' => throw JsonFormatException.Mismatch("array", field.GoType),
            (byte)'{' => throw JsonFormatException.Mismatch("object", field.GoType),
            _ => ParseInteger(value, field),
        };
    }

    private static ulong ParseInteger(ReadOnlySpan<byte> text, FieldSchema field)
    {
        const NumberStyles Signed = NumberStyles.AllowLeadingSign;
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (field.Type)
        {
            case FieldType.UInt64 when ulong.TryParse(text, NumberStyles.None, culture, out ulong value):
                return value;
            case FieldType.UInt32 when uint.TryParse(text, NumberStyles.None, culture, out uint value):
                return value;
            case FieldType.Int64 when long.TryParse(text, Signed, culture, out long value):
                return (ulong)value;
            case FieldType.Int32 or FieldType.Enum when int.TryParse(text, Signed, culture, out int value):
                return (ulong)value;
            default:
                throw JsonFormatException.Mismatch($"number {Encoding.UTF8.GetString(text)}", field.GoType);
        }
    }

    private readonly JsonFormatException Mismatch(string type)
    {
        string value = _json.TokenType switch
        {
            JsonTokenType.StartObject => "object",
            JsonTokenType.StartArray => "array",
            JsonTokenType.String => "string",
            JsonTokenType.True or JsonTokenType.False => "bool",
            _ => "number",
        };

        // Go has the digits in this text only where it looked for an integer.
        bool integer = value == "number" && type is not ("bool" or "string" or "[]uint8")
            && !type.Contains('[', StringComparison.Ordinal);
        return JsonFormatException.Mismatch(
            integer ? $"number {Encoding.UTF8.GetString(_json.ValueSpan)}" : value, type);
    }
}
