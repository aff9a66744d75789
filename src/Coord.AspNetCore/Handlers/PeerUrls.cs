using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Coord.Raft;

namespace Coord.AspNetCore.Handlers;

/// <summary>The peer URLs of one member, checked as etcd does: scheme, host and port, and nothing else.</summary>
internal sealed record PeerUrls
{
    private PeerUrls(IReadOnlyList<string> texts, string authority) => (Texts, Authority) = (texts, authority);

    /// <summary>The URLs, sorted.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>Host and port of the first that was given, where the transport reaches the member.</summary>
    public string Authority { get; }

    /// <summary>Reads the URLs; null if there is none or one is not what it should be.</summary>
    public static PeerUrls? Parse(IReadOnlyList<string> urls)
    {
        List<string> texts = [];
        string authority = "";
        foreach (string url in urls)
        {
            string text = url.Trim();
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
                || uri.Scheme is not ("http" or "https")
                || uri.PathAndQuery != "/" || text.EndsWith('/') || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0
                || !text.EndsWith($":{uri.Port}", StringComparison.Ordinal))
            {
                return null;
            }

            if (authority.Length == 0)
                authority = $"{uri.Host}:{uri.Port}"; // An IPv6 address keeps its brackets here.
            texts.Add(text);
        }

        texts.Sort(StringComparer.Ordinal);
        return texts.Count == 0 ? null : new PeerUrls(texts, authority);
    }

    /// <summary>Draws the id of a new member, which another time gives another: ids are never used again.</summary>
    public NodeId NewMemberId(DateTimeOffset now)
    {
        string text = string.Concat(Texts) + now.UtcTicks.ToString(CultureInfo.InvariantCulture);
        ulong id = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return new NodeId(Math.Max(id, 1));
    }
}
