using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>What a handshake leads to.</summary>
/// <param name="Wire">The bytes' way.</param>
/// <param name="Reader">The reader, which may have read beyond the handshake.</param>
/// <param name="Lane">What the connection is for.</param>
/// <param name="Peer">What the peer said about itself.</param>
/// <param name="LocalNonce">What this side drew for the connection.</param>
/// <param name="PeerNonce">What the peer drew for it.</param>
internal sealed record Established(
    Wire Wire, FrameReader Reader, Lane Lane, PeerHello Peer, ulong LocalNonce, ulong PeerNonce);
