using Coord.Raft;

namespace Coord.Transport.Framing;

/// <summary>What each side of a new connection says first.</summary>
/// <param name="MinVersion">The oldest version of the protocol that it speaks.</param>
/// <param name="MaxVersion">The newest version that it speaks; in a welcome, both are the one that was chosen.</param>
/// <param name="Lane">What the connection is for.</param>
/// <param name="Target">Whom it takes the other side for.</param>
/// <param name="ConnectionNonce">A number drawn for this connection.</param>
/// <param name="Peer">What it says about itself.</param>
internal readonly record struct Hello(
    ushort MinVersion, ushort MaxVersion, Lane Lane, NodeId Target, ulong ConnectionNonce, PeerHello Peer);
