using Coord.Raft;
using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>A member of a cluster that begins.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="PeerUrls">Where the others reach it.</param>
public sealed record BootstrapMember(NodeId Id, string Name, IReadOnlyList<string> PeerUrls)
{
    /// <summary>Gets the address of the first URL, as the transport takes it: <c>host:port</c>.</summary>
    public string Address => PeerUrl.Parse(PeerUrls[0]).Authority;
}
