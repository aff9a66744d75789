using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Coord.AspNetCore.Gateway;

/// <summary>Translates a message from its binary encoding, as our own code has just written it, to JSON.</summary>
/// <remarks>
/// What the binary encoding leaves out, the JSON leaves out: the defaults, but not the chosen one of alternatives.
/// 64-bit integers are strings, enums are names if they have one, bytes are base64.
/// </remarks>
internal static class ProtoToJson
{
    /// <summary>Writes a message as a JSON object.</summary>
    /// <param name="message">The message in its binary encoding.</param>
    /// <param name="schema">Its type.</param>
    /// <param name="output">Where to.</param>
    public static void Translate(ReadOnlySpan<byte> message, MessageSchema schema, IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        int previous = 0;
        bool inList = false;
        while (!message.IsEmpty)
        {
            uint tag = (uint)TakeVarint(ref message);
            FieldSchema? field = schema.Find(WireFormat.GetTagFieldNumber(tag));
            if (field is null || field.WireType != WireFormat.GetTagWireType(tag))
                throw new UnreachableException($"Tag {tag} in {schema}, which our own code has written.");

            bool next = field.Number == previous;
            if (inList && !next)
                output.Write("]"u8);
            if (previous != 0)
                output.Write(","u8);
            if (!next)
            {
                output.Write(field.Label);
                if (field.IsRepeated)
                    output.Write("["u8);
            }

            WriteValue(ref message, field, output);
            previous = field.Number;
            inList = field.IsRepeated;
        }

        output.Write(inList ? "]}"u8 : "}"u8);
    }

    private static void WriteValue(ref ReadOnlySpan<byte> message, FieldSchema field, IBufferWriter<byte> output)
    {
        ulong number = TakeVarint(ref message);
        if (field.WireType is WireFormat.WireType.Varint)
        {
            WriteNumber(number, field, output);
            return;
        }

        ReadOnlySpan<byte> bytes = message[..(int)number];
        message = message[(int)number..];
        switch (field.Type)
        {
            case FieldType.Message: Translate(bytes, field.Message, output); break;
            case FieldType.String: GoText.WriteString(output, bytes); break;
            default: WriteBase64(bytes, output); break;
        }
    }

    private static void WriteNumber(ulong number, FieldSchema field, IBufferWriter<byte> output)
    {
        switch (field.Type)
        {
            case FieldType.Bool:
                output.Write(number != 0 ? "true"u8 : "false"u8);
                break;
            case FieldType.Enum:
                WriteEnum((int)number, field, output);
                break;
            case FieldType.Int64:
                output.Write("\""u8);
                WriteInteger((long)number, output);
                output.Write("\""u8);
                break;
            case FieldType.UInt64:
                output.Write("\""u8);
                WriteInteger(number, output);
                output.Write("\""u8);
                break;
            default:
                WriteInteger((long)number, output);
                break;
        }
    }

    private static void WriteEnum(int number, FieldSchema field, IBufferWriter<byte> output)
    {
        foreach ((byte[] name, int value) in field.EnumValues)
        {
            if (value != number)
                continue;

            output.Write("\""u8);
            output.Write(name);
            output.Write("\""u8);
            return;
        }

        WriteInteger(number, output);
    }

    private static void WriteInteger<T>(T number, IBufferWriter<byte> output)
        where T : IUtf8SpanFormattable
    {
        number.TryFormat(output.GetSpan(20), out int written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private static void WriteBase64(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        const int Piece = 3 * 1024;
        output.Write("\""u8);
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(Piece, bytes.Length)];
            Span<byte> span = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(piece.Length));
            Base64.EncodeToUtf8(piece, span, out _, out int written);
            output.Advance(written);
            bytes = bytes[piece.Length..];
        }

        output.Write("\""u8);
    }

    private static ulong TakeVarint(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        int index = 0;
        byte next;
        do
        {
            next = message[index];
            value |= (ulong)(next & 0x7f) << (7 * index++);
        }
        while ((next & 0x80) != 0);

        message = message[index..];
        return value;
    }
}
