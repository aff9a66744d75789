namespace Coord.AspNetCore.Ports;

/// <summary>Decodes the Huffman code of HTTP/2's headers as far as hosts and URLs need it (RFC 7541 B).</summary>
internal static class HostHuffman
{
    /// <summary>The code is canonical: the symbols of one length count up from the first of them.</summary>
    private static readonly (int Length, int First, string Symbols)[] Code =
    [
        (5, 0x0, "012aceiost"),
        (6, 0x14, " %-./3456789=A_bdfghlmnpru"),
        (7, 0x5c, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
        (8, 0xf8, "&*,;XZ"),
        (13, 0x1ffb, "[]"),
    ];

    /// <summary>Decodes a text; null if it has a symbol that no host has, or is not encoded well.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        List<char> text = [];
        int bits = 0, length = 0;
        foreach (byte next in bytes)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                bits = (bits << 1) | ((next >> bit) & 1);
                if (++length > 13)
                    return null;
                if (Find(length, bits) is not { } symbol)
                    continue;

                text.Add(symbol);
                (bits, length) = (0, 0);
            }
        }

        // The end is filled up with less than a byte of ones.
        return length < 8 && bits == (1 << length) - 1 ? string.Concat(text) : null;
    }

    private static char? Find(int length, int bits)
    {
        foreach ((int of, int first, string symbols) in Code)
        {
            if (of == length && bits >= first && bits - first < symbols.Length)
                return symbols[bits - first];
        }

        return null;
    }
}
