using System.Buffers;
using System.Text;

namespace Coord.AspNetCore.Gateway;

/// <summary>Text as Go writes it in its errors and its JSON: clients compare both.</summary>
internal static class GoText
{
    /// <summary>Quotes a byte of a request for an error.</summary>
    public static string Quote(byte value) => value switch
    {
        (byte)'\'' => @"'\''",
        (byte)'"' => "'\"'",
        (byte)'\\' => @"'\\'",
        _ => $"'{Printable((char)value)}'",
    };

    /// <summary>Quotes a piece of a request for an error.</summary>
    public static string Quote(ReadOnlySpan<byte> text)
    {
        StringBuilder quoted = new("\"");
        foreach (char next in Encoding.UTF8.GetString(text))
        {
            if (next is '"' or '\\')
                quoted.Append('\\').Append(next);
            else
                quoted.Append(Printable(next));
        }

        return quoted.Append('"').ToString();
    }

    private static string Printable(char value) => value switch
    {
        '\a' => @"\a",
        '\b' => @"\b",
        '\f' => @"\f",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\v' => @"\v",
        < ' ' or '\x7f' => $@"\x{(int)value:x2}",
        >= '\x80' and <= '\xa0' or '\xad' => $@"\u{(int)value:x4}",
        _ => value.ToString(),
    };

    /// <summary>Writes a JSON string, with its quotes.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">UTF-8.</param>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        int start = 0;
        for (int index = 0; index < text.Length; index++)
        {
            // U+2028 and U+2029 end a line in JavaScript; like < > & they are escaped for those who paste.
            bool lineEnd = text[index] == 0xe2 && text.Length - index > 2
                && text[index + 1] == 0x80 && text[index + 2] is 0xa8 or 0xa9;
            bool plain = text[index] is >= 0x20
                and not ((byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)'&');
            if (plain && !lineEnd)
                continue;

            output.Write(text[start..index]);
            output.Write(lineEnd ? (text[index + 2] == 0xa8 ? @"\u2028"u8 : @"\u2029"u8) : Escape(text[index]));
            index += lineEnd ? 2 : 0;
            start = index + 1;
        }

        output.Write(text[start..]);
        output.Write("\""u8);
    }

    private static ReadOnlySpan<byte> Escape(byte value) => value switch
    {
        (byte)'"' => @"\"""u8,
        (byte)'\\' => @"\\"u8,
        (byte)'\n' => @"\n"u8,
        (byte)'\r' => @"\r"u8,
        (byte)'\t' => @"\t"u8,
        _ => Encoding.ASCII.GetBytes($@"\u{(int)value:x4}"),
    };
}
