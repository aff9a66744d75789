namespace Coord.Transport.Discovery;

/// <summary>A key of a discovery service: usually a member.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Value">What a member said about itself, <c>name=url</c>.</param>
/// <param name="CreatedIndex">By which the places are given.</param>
/// <param name="ModifiedIndex">From which on to wait for the next.</param>
internal sealed record DiscoveryNode(string Key, string Value, long CreatedIndex, long ModifiedIndex)
{
    /// <summary>The member's id: the last part of its key.</summary>
    public string Id => Key[(Key.LastIndexOf('/') + 1)..];

    /// <summary>Whether it is a member, and neither the token's configuration nor below that.</summary>
    public bool IsMember => Id.Length > 0 && Id[0] != '_' && !Key.Contains("/_config/", StringComparison.Ordinal);
}
