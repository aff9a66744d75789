using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Coord.SampleHost.Configuration;

/// <summary>An address in etcd's notation: <c>http://host:port</c> or, with TLS, <c>https://host:port</c>.</summary>
internal sealed record PortUrl(bool IsTls, string Host, int Port)
{
    /// <summary>The address without the scheme, as the transport takes it.</summary>
    public string Authority => $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

    public static bool TryParse(string text, [NotNullWhen(true)] out PortUrl? url, out string error)
    {
        url = null;
        error = "which is no URL such as http://127.0.0.1:2379";
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
            return false;

        if (uri.Scheme is not ("http" or "https"))
            error = "whose scheme is neither http nor https";
        else if (!text.TrimEnd('/').EndsWith($":{uri.Port}", StringComparison.Ordinal))
            error = $"which has no port; write it out, as in {text.TrimEnd('/')}:2379";
        else if (uri.PathAndQuery != "/" || uri.UserInfo.Length > 0)
            error = "which has more than scheme, host and port";
        else
            url = new PortUrl(uri.Scheme == "https", uri.Host.Trim('[', ']'), uri.Port);

        return url is not null;
    }

    /// <summary>Returns the address to bind to; null if the host is a name, which may have several.</summary>
    public IPAddress? BindAddress() => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    public override string ToString() => $"{(IsTls ? "https" : "http")}://{Authority}";
}
