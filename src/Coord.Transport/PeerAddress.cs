using System.Globalization;
using System.Net;

namespace Coord.Transport;

/// <summary>Where a member can be reached: <c>host:port</c>, <c>10.0.0.1:port</c> or <c>[::1]:port</c>.</summary>
/// <param name="Host">The host's name or address, without brackets.</param>
/// <param name="Port">The port.</param>
internal readonly record struct PeerAddress(string Host, int Port)
{
    /// <summary>Reads an address.</summary>
    public static bool TryParse(string? text, out PeerAddress address)
    {
        address = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        ReadOnlySpan<char> number = text.AsSpan(colon + 1);
        if (colon <= 0 || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port))
            return false;

        string host = text![..colon];
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        if (isBracketed)
            host = host[1..^1];
        // A bare IPv6 address has colons of its own: it is not clear where the port begins.
        bool isAmbiguous = !isBracketed && host.Contains(':', StringComparison.Ordinal);
        if (host.Length == 0 || port > ushort.MaxValue || isAmbiguous)
            return false;

        address = new PeerAddress(host, port);
        return true;
    }

    /// <summary>Reads an address that an operator wrote.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static PeerAddress Parse(string text) =>
        TryParse(text, out PeerAddress address)
            ? address
            : throw new ArgumentException(
                $"'{text}' is no address; write host:port, or [address]:port for IPv6.", nameof(text));

    /// <summary>Returns the endpoint to listen on; null if the host is a name.</summary>
    public IPEndPoint? ToEndPoint() =>
        IPAddress.TryParse(Host == "*" ? "::" : Host == "localhost" ? "127.0.0.1" : Host, out IPAddress? ip)
            ? new IPEndPoint(ip, Port)
            : null;

    /// <summary>Returns the text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
