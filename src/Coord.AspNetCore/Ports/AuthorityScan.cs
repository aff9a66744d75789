using System.Text;

namespace Coord.AspNetCore.Ports;

/// <summary>Takes the scheme out of an authority that a client sent with one, in a block of HTTP/2's headers.</summary>
/// <remarks>
/// etcd's client for Go names a server by the whole URL when it is asked for that one server, as for its status. Such
/// an authority is not valid, and Kestrel ends the call. The field keeps its place, so the table of earlier headers,
/// which client and server keep alike, stays the same but for this value (RFC 7541 §2.3).
/// </remarks>
internal static class AuthorityScan
{
    private const int AuthorityIndex = 1;

    /// <summary>Rewrites a block.</summary>
    /// <returns>Null if nothing in it needs to be changed, or if it cannot be read.</returns>
    public static byte[]? Rewrite(ReadOnlySpan<byte> block)
    {
        int at = 0;
        while (at < block.Length)
        {
            int field = at;
            int prefix = PrefixOf(block[at]);
            bool isLiteral = prefix is 4 or 6;
            if (!TryReadNumber(block, ref at, prefix, out int index))
                return null;
            if (!isLiteral)
                continue;
            if (index == 0 && !TryReadString(block, ref at, out _, out _))
                return null;

            int value = at;
            if (!TryReadString(block, ref at, out ReadOnlySpan<byte> text, out bool isHuffman))
                return null;
            if (index == AuthorityIndex)
                return Replace(block, field, value, at, text, isHuffman);
        }

        return null;
    }

    private static byte[]? Replace(
        ReadOnlySpan<byte> block, int field, int value, int end, ReadOnlySpan<byte> text, bool isHuffman)
    {
        string? authority = isHuffman ? HostHuffman.Decode(text) : Encoding.ASCII.GetString(text);
        int scheme = authority?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (scheme < 0)
            return null;

        string host = authority![(scheme + 3)..].TrimEnd('/');
        if (host.Length is 0 or > 126)
            return null;

        return
        [
            .. block[..field], .. block[field..value], (byte)host.Length, .. Encoding.ASCII.GetBytes(host),
            .. block[end..],
        ];
    }

    /// <summary>Returns how many bits of a field's first byte belong to its number (RFC 7541 §6).</summary>
    private static int PrefixOf(byte first) => first switch
    {
        >= 0x80 => 7, // A field of the table.
        >= 0x40 => 6, // A literal that goes into the table.
        >= 0x20 => 5, // A new size of the table.
        _ => 4, // A literal that does not.
    };

    private static bool TryReadNumber(ReadOnlySpan<byte> block, ref int at, int prefix, out int number)
    {
        int most = (1 << prefix) - 1;
        number = 0;
        if (at >= block.Length)
            return false;

        number = block[at++] & most;
        if (number < most)
            return true;

        for (int shift = 0; at < block.Length && shift <= 21; shift += 7)
        {
            byte next = block[at++];
            number += (next & 0x7f) << shift;
            if (next < 0x80)
                return true;
        }

        return false;
    }

    private static bool TryReadString(
        ReadOnlySpan<byte> block, ref int at, out ReadOnlySpan<byte> text, out bool isHuffman)
    {
        text = default;
        isHuffman = at < block.Length && block[at] >= 0x80;
        if (!TryReadNumber(block, ref at, 7, out int length) || length > block.Length - at)
            return false;

        text = block.Slice(at, length);
        at += length;
        return true;
    }
}
