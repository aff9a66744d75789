using System.Diagnostics.CodeAnalysis;

namespace Coord.Transport.Discovery;

/// <summary>Where a member is reached, in etcd's notation: <c>http://host:port</c>, or <c>https</c> with TLS.</summary>
internal sealed record PeerUrl(bool IsTls, string Host, int Port)
{
    public const int MaxLength = 512;

    public string Scheme => IsTls ? "https" : "http";

    /// <summary>The address without the scheme, as the transport takes it.</summary>
    public string Authority => new PeerAddress(Host, Port).ToString();

    /// <summary>Reads a URL with scheme, host and port, and nothing else.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PeerUrl? url)
    {
        url = null;
        if (text.Length > MaxLength || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
            return false;

        bool isPlain = uri.Scheme is "http" or "https" && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0
            && uri.Fragment.Length == 0;
        // A port that is left out is 80 or 443, and no member's: it was forgotten.
        bool hasPort = text.TrimEnd('/').EndsWith($":{uri.Port}", StringComparison.Ordinal);
        if (!isPlain || !hasPort || uri.Port == 0 || uri.Host.Length == 0)
            return false;

        url = new PeerUrl(uri.Scheme == "https", uri.Host.Trim('[', ']'), uri.Port);
        return true;
    }

    /// <exception cref="ArgumentException">It is none.</exception>
    public static PeerUrl Parse(string text) =>
        TryParse(text, out PeerUrl? url)
            ? url
            : throw new ArgumentException(
                $"'{text}' is no peer URL; write scheme, host and port, as in http://10.0.0.1:2380.", nameof(text));

    public override string ToString() => $"{Scheme}://{Authority}";
}
