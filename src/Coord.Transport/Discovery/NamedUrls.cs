namespace Coord.Transport.Discovery;

/// <summary>A member as it introduces itself: its name and where it is reached.</summary>
internal sealed record NamedUrls(string Name, IReadOnlyList<string> PeerUrls)
{
    /// <summary>Returns what <see cref="MemberList"/> reads, and what is registered with a discovery service.</summary>
    public override string ToString() => string.Join(',', PeerUrls.Select(url => $"{Name}={url}"));
}
