using System.Text;
using Coord.AspNetCore.Hot;
using Coord.AspNetCore.Ports;

namespace Coord.AspNetCore.Direct;

/// <summary>
/// Reads a block of HTTP/2's headers (RFC 7541) if it is that of a plain call, and leaves no trace in the table that
/// client and server share: such a block may be kept from whoever decodes the others.
/// </summary>
internal ref struct HeaderBlock
{
    private const int StaticEntries = 61;

    private readonly ReadOnlySpan<byte> _block;
    private readonly bool _isTableEmpty;
    private int _at;
    private string? _method;
    private string? _path;
    private bool _hasScheme;
    private bool _isGrpc;

    private HeaderBlock(ReadOnlySpan<byte> block, bool isTableEmpty)
    {
        _block = block;
        _isTableEmpty = isTableEmpty;
    }

    /// <summary>Gets how long the client waits, if it says so.</summary>
    public TimeSpan? Timeout { get; private set; }

    /// <summary>Reads a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="isTableEmpty">Whether the client has given the table up, so that nothing enters it.</param>
    /// <param name="timeout">How long the client waits, if it says so.</param>
    /// <returns>The path of the call; null if it is not plain, or if the block has to do with the table.</returns>
    public static string? ReadPath(ReadOnlySpan<byte> block, bool isTableEmpty, out TimeSpan? timeout)
    {
        HeaderBlock reader = new(block, isTableEmpty);
        bool isRead = true;
        while (isRead && reader._at < block.Length)
            isRead = reader.TryReadField();

        timeout = reader.Timeout;
        return isRead && reader is { _method: "POST", _hasScheme: true, _isGrpc: true }
            && !(timeout > PlainHeaders.MaxTimeout) ? reader._path : null;
    }

    private bool TryReadField()
    {
        byte first = _block[_at];
        if (first >= 0x80)
            return TryReadInteger(7, out int whole) && TakeWhole(whole);

        bool entersTable = first >= 0x40;
        if ((entersTable && !_isTableEmpty) || (!entersTable && first >= 0x20))
            return false; // It changes the table.
        if (!TryReadInteger(entersTable ? 6 : 4, out int index))
            return false;

        string? name = index == 0 ? ReadText() : NameOf(index);
        return name is not null && TakeLiteral(name);
    }

    /// <summary>Takes a field of which name and value are in the table that everybody knows.</summary>
    private bool TakeWhole(int index)
    {
        switch (index)
        {
            case 3 when _method is null:
                _method = "POST";
                return true;
            case 6 or 7 when !_hasScheme:
                _hasScheme = true;
                return true;
            default:
                return false;
        }
    }

    private bool TakeLiteral(string name)
    {
        switch (name)
        {
            case ":method" when _method is null:
                return (_method = ReadText()) is not null;
            case ":path" when _path is null:
                return (_path = ReadText()) is not null;
            case ":scheme" when !_hasScheme:
                return _hasScheme = ReadText() is "http" or "https";
            case "content-type" when !_isGrpc:
                return _isGrpc = ReadText() is PlainStatus.ContentType;
            case "grpc-timeout" when Timeout is null:
                string? time = ReadText();
                Timeout = PlainHeaders.ReadTimeout(time);
                return time is not null;
            case "grpc-encoding":
                return ReadText() is "identity";
            case "te":
                return ReadText() is "trailers";
            case ":authority" or "user-agent" or "grpc-accept-encoding" or "accept-encoding" or "client-api-version":
                return TrySkipText();
            default:
                return false; // Something that says something.
        }
    }

    private static string? NameOf(int index) => index switch
    {
        1 => ":authority",
        2 or 3 => ":method",
        4 or 5 => ":path",
        6 or 7 => ":scheme",
        16 => "accept-encoding",
        31 => "content-type",
        58 => "user-agent",
        _ when index <= StaticEntries => "",
        _ => null,
    };

    private string? ReadText()
    {
        if (!TryReadText(out ReadOnlySpan<byte> bytes, out bool isHuffman))
            return null;

        return isHuffman ? HostHuffman.Decode(bytes) : Encoding.ASCII.GetString(bytes);
    }

    private bool TrySkipText() => TryReadText(out _, out _);

    private bool TryReadText(out ReadOnlySpan<byte> bytes, out bool isHuffman)
    {
        bytes = default;
        isHuffman = _at < _block.Length && (_block[_at] & 0x80) != 0;
        if (!TryReadInteger(7, out int length) || length > _block.Length - _at)
            return false;

        bytes = _block.Slice(_at, length);
        _at += length;
        return true;
    }

    private bool TryReadInteger(int prefixBits, out int value)
    {
        value = 0;
        if (_at >= _block.Length)
            return false;

        int most = (1 << prefixBits) - 1;
        value = _block[_at++] & most;
        if (value < most)
            return true;

        for (int shift = 0; shift <= 14; shift += 7)
        {
            if (_at >= _block.Length)
                return false;

            byte next = _block[_at++];
            value += (next & 0x7f) << shift;
            if (next < 0x80)
                return true;
        }

        return false; // Longer than any block.
    }

    /// <summary>Encodes fields as literals that enter no table.</summary>
    public static byte[] Encode(bool withStatus, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        List<byte> block = [];
        if (withStatus)
            block.Add(0x88); // ":status: 200" is in the table that everybody knows.
        foreach ((string name, string value) in fields)
        {
            block.Add(0);
            AddText(block, name);
            AddText(block, value);
        }

        return [.. block];
    }

    private static void AddText(List<byte> block, string text)
    {
        int rest = text.Length - 0x7f;
        block.Add((byte)Math.Min(text.Length, 0x7f));
        for (; rest >= 0x80; rest >>= 7)
            block.Add((byte)(0x80 | (rest & 0x7f)));
        if (text.Length >= 0x7f)
            block.Add((byte)rest);
        block.AddRange(Encoding.ASCII.GetBytes(text));
    }
}
