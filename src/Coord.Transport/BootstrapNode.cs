using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>A node that looks for its cluster: what it knows of itself.</summary>
public sealed record BootstrapNode
{
    /// <summary>Describes a node.</summary>
    /// <param name="name">Its name, unique in the cluster; no comma or equals sign.</param>
    /// <param name="peerUrls">
    /// Where the others reach it, such as <c>http://10.0.0.1:2380</c>; the first is used.
    /// </param>
    /// <exception cref="ArgumentException">The name or a URL is none; the message says which.</exception>
    public BootstrapNode(string name, params IReadOnlyList<string> peerUrls)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(peerUrls);
        if (!MemberList.IsName(name))
        {
            throw new ArgumentException(
                $"'{name}' is no name for a member: it has a comma, an equals sign or a control character, or more "
                + $"than {MemberList.MaxNameLength} characters.",
                nameof(name));
        }

        if (peerUrls.Count is 0 or > MemberList.MaxUrlsOfMember)
        {
            throw new ArgumentException(
                $"A member has from one to {MemberList.MaxUrlsOfMember} peer URLs, not {peerUrls.Count}.",
                nameof(peerUrls));
        }

        Name = name;
        PeerUrls = [.. peerUrls.Select(url => PeerUrl.Parse(url).ToString())];
    }

    /// <summary>Gets its name.</summary>
    public string Name { get; }

    /// <summary>Gets where the others reach it, in one way of writing.</summary>
    public IReadOnlyList<string> PeerUrls { get; }
}
