using System.Globalization;
using System.Text;

namespace Coord.Kv;

/// <summary>Prints keys for people: text as it is, other bytes escaped, and never more than a line of it.</summary>
internal static class KeyText
{
    private const int MaxPrintedBytes = 60;

    public static string Of(ReadOnlySpan<byte> key)
    {
        StringBuilder text = new();
        foreach (byte b in key.Length > MaxPrintedBytes ? key[..MaxPrintedBytes] : key)
        {
            if (b is >= 0x20 and < 0x7f and not (byte)'\\')
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        if (key.Length > MaxPrintedBytes)
            text.Append("...");
        return text.ToString();
    }
}
