using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Coord.AspNetCore.Gateway;

/// <summary>The content of JSON strings, read as leniently as Go does, and base64 as strictly.</summary>
internal static class JsonText
{
    private const byte NotInAlphabet = 0xff;

    private static readonly byte[] Alphabet = MakeAlphabet();

    /// <summary>Writes what a string stands for. Halves of surrogate pairs become U+FFFD.</summary>
    /// <param name="text">What is between the quotes; the scanner has passed it.</param>
    /// <param name="output">Room for as many bytes as the text has.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> output)
    {
        int written = 0;
        while (true)
        {
            int run = text.IndexOf((byte)'\\');
            if (run < 0)
            {
                text.CopyTo(output[written..]);
                return written + text.Length;
            }

            text[..run].CopyTo(output[written..]);
            written += run;
            byte escape = text[run + 1];
            text = text[(run + 2)..];
            if (escape != 'u')
            {
                output[written++] = Plain(escape);
                continue;
            }

            char first = TakeUnit(ref text);
            Rune rune = Rune.ReplacementChar;
            if (!char.IsSurrogate(first))
            {
                rune = new Rune(first);
            }
            else if (text is [(byte)'\\', (byte)'u', ..])
            {
                ReadOnlySpan<byte> rest = text[2..];
                if (Rune.TryCreate(first, TakeUnit(ref rest), out Rune pair))
                {
                    rune = pair;
                    text = rest;
                }
            }

            written += rune.EncodeToUtf8(output[written..]);
        }
    }

    /// <summary>Makes UTF-8 of bytes that may be none, as the protocol allows nothing else in its strings.</summary>
    public static void WriteUtf8(ReadOnlySpan<byte> text, WireBuffer output)
    {
        if (!Utf8.IsValid(text))
            text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text));
        output.WriteVarint((ulong)text.Length);
        output.Write(text);
    }

    /// <summary>Decodes base64: the standard alphabet with padding; line ends between are ignored.</summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="JsonFormatException">It is none.</exception>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> output)
    {
        // The runtime's decoder takes blanks too, and does not say where it found what.
        if (!text.ContainsAnyInRange((byte)0, (byte)' ')
            && Base64.DecodeFromUtf8(text, output, out _, out int written) is OperationStatus.Done)
        {
            return written;
        }

        return DecodeSlowly(text, output);
    }

    private static int DecodeSlowly(ReadOnlySpan<byte> text, Span<byte> output)
    {
        int written = 0;
        int position = 0;
        while (true)
        {
            uint four = 0;
            int count = 0;
            while (count < 4)
            {
                if (position == text.Length)
                    return count == 0 ? written : throw Illegal(position - count);

                byte next = text[position++];
                if (next is (byte)'\r' or (byte)'\n')
                    continue;
                if (next == '=')
                    return written + Pad(text, position, four, count, output[written..]);
                if (Alphabet[next] == NotInAlphabet)
                    throw Illegal(position - 1);
                four |= (uint)Alphabet[next] << (26 - (6 * count++));
            }

            BinaryPrimitives.WriteUInt16BigEndian(output[written..], (ushort)(four >> 16));
            output[written + 2] = (byte)(four >> 8);
            written += 3;
        }
    }

    /// <summary>Ends at a padding character. Returns how many bytes the last group gave.</summary>
    private static int Pad(ReadOnlySpan<byte> text, int position, uint four, int count, Span<byte> output)
    {
        if (count < 2)
            throw Illegal(position - 1);
        if (count == 2)
        {
            SkipLineEnds(text, ref position);
            if (position == text.Length)
                throw Illegal(text.Length);
            if (text[position] != '=')
                throw Illegal(position - 1);
            position++;
        }

        SkipLineEnds(text, ref position);
        if (position < text.Length)
            throw Illegal(position);
        output[0] = (byte)(four >> 24);
        if (count == 3)
            output[1] = (byte)(four >> 16);
        return count - 1;
    }

    private static void SkipLineEnds(ReadOnlySpan<byte> text, ref int position)
    {
        while (position < text.Length && text[position] is (byte)'\r' or (byte)'\n')
            position++;
    }

    private static char TakeUnit(ref ReadOnlySpan<byte> text)
    {
        ushort unit = ushort.Parse(text[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        text = text[4..];
        return (char)unit;
    }

    private static byte Plain(byte escape) => escape switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => escape,
    };

    private static byte[] MakeAlphabet()
    {
        byte[] values = new byte[256];
        Array.Fill(values, NotInAlphabet);
        ReadOnlySpan<byte> alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;
        for (int value = 0; value < alphabet.Length; value++)
            values[alphabet[value]] = (byte)value;
        return values;
    }

    private static JsonFormatException Illegal(int position) =>
        new($"illegal base64 data at input byte {position}");
}
